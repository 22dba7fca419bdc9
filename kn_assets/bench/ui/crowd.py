"""Questions to the server without a page: of many people at once, and of one who types."""

from __future__ import annotations

import json
import random
import threading
import time
from types import TracebackType
from typing import Any

from kn_assets.errors import KnError

WORDS = ("shanghai", "sao paulo", "łódź", "japan", "herat", "in the north")


class Asker:
    """One person's questions about an atlas; `times` holds the milliseconds of each by its name."""

    def __init__(self, url: str, atlas: dict[str, Any], name: str) -> None:
        import httpx

        self._client = httpx.Client(base_url=url, timeout=60)
        config = self._client.get("config").json()
        bar = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "kn-bar")
        self._body = {"component_id": bar, "session_hash": name}
        self._model = atlas["model"]
        self.times: dict[str, list[float]] = {}

    def __enter__(self) -> Asker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def ask(self, name: str, **arguments: object) -> dict[str, Any]:
        """The answer. Raises KnError where the app says that something went wrong."""
        body = {**self._body, "fn_name": name, "data": {"model": self._model, **arguments}}
        started = time.perf_counter()
        answer = self._client.post("gradio_api/component_server/", json=body)
        self.times.setdefault(name, []).append(1000 * (time.perf_counter() - started))
        found: dict[str, Any] = json.loads(answer.raise_for_status().json())
        if "error" in found:
            raise KnError(found["error"])
        return found


def typing(url: str, atlas: dict[str, Any]) -> list[float]:
    """Milliseconds of each search while some words are typed letter by letter."""
    with Asker(url, atlas, "typist") as typist:
        for word in WORDS:
            for end in range(len(word) + 1):
                typist.ask("search", text=word[:end], offset=0, limit=100)
        return typist.times["search"]


def crowd(
    url: str, atlas: dict[str, Any], people: int, seconds: float
) -> tuple[dict[str, list[float]], int]:
    """Questions of many at once, each looking at an answer for about two seconds; and errors."""
    import httpx

    times: dict[str, list[float]] = {"prompt": [], "neuron": []}
    errors: list[str] = []
    end = time.monotonic() + seconds

    def person(number: int) -> None:
        rng = random.Random(number)
        with Asker(url, atlas, f"person{number}") as one:
            try:
                rows = one.ask("search", text="", offset=0, limit=500)["rows"]
                while time.monotonic() < end:
                    prompt = rng.choice(rows)["prompt_id"]
                    one.ask("prompt", prompt=prompt)
                    time.sleep(rng.uniform(1, 3))
                    layer, neuron = (
                        rng.randrange(atlas[name]) for name in ("n_layers", "n_neurons")
                    )
                    one.ask("neuron", prompt=prompt, layer=layer, neuron=neuron)
                    time.sleep(rng.uniform(1, 3))
            except (httpx.HTTPError, KnError) as e:
                errors.append(str(e))
            for name, taken in times.items():
                taken.extend(one.times.get(name, []))

    threads = [threading.Thread(target=person, args=(n,)) for n in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, len(errors)
