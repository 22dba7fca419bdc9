"""Visitors who mean well, and what the app takes meanwhile."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from kn_assets.bench.result import Figure
from kn_assets.bench.ui.crowd import Asker
from kn_assets.errors import KnError
from kn_assets.lake import Lake

LOGIN = ("visitor", "of the benchmark")
QUERIES = (
    "FROM atlases",
    "SELECT layer, count(*) FROM neurons GROUP BY 1 ORDER BY 1",
    "SELECT country, count(*) FROM prompts GROUP BY 1 ORDER BY 2 DESC LIMIT 20",
)
LOOK_S = (1.0, 3.0)
"""How long one looks at an answer."""


@contextmanager
def logged_in(url: str, atlas: dict[str, Any], people: int) -> Iterator[list[Asker]]:
    """Visitors with a login each."""
    with ExitStack() as held:
        yield [held.enter_context(Asker(url, atlas, f"visitor{n}", LOGIN)) for n in range(people)]


def visits(
    people: list[Asker], atlas: dict[str, Any], seconds: float
) -> tuple[dict[str, list[float]], list[str]]:
    """Milliseconds of all that visitors asked, by its name, and the errors that they were shown.

    That others are served first, or that so many runs a minute are allowed, is no error.
    """
    import httpx

    errors: list[str] = []
    end = time.monotonic() + seconds

    def visit(one: Asker, number: int) -> None:
        rng = random.Random(number)
        time.sleep(rng.uniform(0, LOOK_S[1]))  # they don't begin all at once
        while time.monotonic() < end:
            try:
                _act(one, atlas, rng)
            except (httpx.HTTPError, KnError) as e:
                errors.append(f"{type(e).__name__}: {e}")
            time.sleep(rng.uniform(*LOOK_S))

    for one in people:
        one.times = {}
    threads = [threading.Thread(target=visit, args=(one, n)) for n, one in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times: dict[str, list[float]] = {}
    for one in people:
        for name, taken in one.times.items():
            times.setdefault(name, []).extend(taken)
    if not times:
        raise KnError(f"no visitor was answered: {errors[:1]}")
    return times, errors


def _act(one: Asker, atlas: dict[str, Any], rng: random.Random) -> None:
    """What a visitor does next: mostly a prompt, a neuron or a search."""
    rows = one.ask("search", text=rng.choice("abcdefghij"), offset=0, limit=50)["rows"]
    prompt = rng.choice(rows)["prompt_id"] if rows else 0
    dice = rng.random()
    if dice < 0.45:
        one.ask("prompt", prompt=prompt)
    elif dice < 0.8:
        layer, neuron = (rng.randrange(atlas[name]) for name in ("n_layers", "n_neurons"))
        one.ask("neuron", prompt=prompt, layer=layer, neuron=neuron)
    elif dice < 0.97:
        one.do("sql", sql=rng.choice(QUERIES))
    else:
        one.do("text", text=f"The city of {rng.choice(rows)['name'] if rows else 'Kabul'} is in")


class Watch:
    """Memory of a process with its children, and bytes on the disk, while it is held."""

    def __init__(self, pid: int, lake: Lake) -> None:
        self._pid, self._lake = pid, lake
        self._server: list[float] = []
        self._all: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._bytes = 0

    def __enter__(self) -> Watch:
        self._bytes = self._on_disk()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._bytes = self._on_disk() - self._bytes

    def figures(self) -> dict[str, Figure]:
        """MiB of the server alone and with its children, and how far the server's grew."""
        half = len(self._server) // 2
        return {
            "server, MiB at most": max(self._server),
            "with its processes, MiB at most": max(self._all),
            "second half over first": sum(self._server[half:])
            / max(1, len(self._server) - half)
            / (sum(self._server[:half]) / max(1, half)),
            "disk, MiB": self._bytes / (1 << 20),
        }

    def _look(self) -> None:
        import psutil

        server = psutil.Process(self._pid)
        while not self._stop.wait(0.5):
            try:
                own = server.memory_info().rss
                family = [child.memory_info().rss for child in server.children(recursive=True)]
            except psutil.Error:
                continue  # one ended between two looks
            self._server.append(own / (1 << 20))
            self._all.append((own + sum(family)) / (1 << 20))

    def _on_disk(self) -> int:
        places = (self._lake.root, Path(tempfile.gettempdir()) / "gradio")
        files = (f for place in places if place.exists() for f in place.rglob("*"))
        return sum(f.stat().st_size for f in files if f.is_file())
