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

    def __init__(
        self, url: str, atlas: dict[str, Any], name: str, login: tuple[str, str] | None = None
    ) -> None:
        import httpx

        self._client = httpx.Client(base_url=url, timeout=60)
        if login is not None:
            given = dict(zip(("username", "password"), login, strict=True))
            self._client.post("login", data=given).raise_for_status()
        config = self._client.get("config").json()
        bar = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "kn-bar")
        self._body = {"component_id": bar, "session_hash": name}
        self._model, self._page, self._seen = atlas["model"], name, ""
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
        started = time.perf_counter()
        found = self.call(name, {"model": self._model, **arguments})
        self._note(name, started)
        if "error" in found:
            raise KnError(found["error"])
        return found

    def do(self, name: str, **arguments: object) -> dict[str, Any]:
        """The state of a job once it is over, `failed` or `lost` ones too."""
        started = time.perf_counter()
        given = {"model": self._model, **arguments}
        state = self.call("job_start", {"name": name, "arguments": given, "page": self._page})
        while state["state"] in ("waiting", "running"):
            state = self.call("job_look", {"job": state["job"], "seen": self._seen})
        self._note(name, started)
        return state

    def call(self, function: str, data: dict[str, Any]) -> dict[str, Any]:
        """What a function of the server gives."""
        body = {**self._body, "fn_name": function, "data": data}
        answer = self._client.post("gradio_api/component_server/", json=body)
        self._seen = answer.raise_for_status().json()
        found: dict[str, Any] = json.loads(self._seen)
        return found

    def post(self, path: str, **content: Any) -> int:
        """The status of a request of any kind."""
        return int(self._client.post(path, **content).status_code)

    def _note(self, name: str, started: float) -> None:
        self.times.setdefault(name, []).append(1000 * (time.perf_counter() - started))


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
