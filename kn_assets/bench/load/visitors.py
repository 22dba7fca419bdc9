"""Visitors who mean well."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from kn_assets.bench.ui.crowd import Asker
from kn_assets.errors import KnError

LOGIN = ("visitor", "of the benchmark")
QUERIES = (
    "FROM atlases",
    "SELECT layer, count(*) FROM neurons GROUP BY 1 ORDER BY 1",
    "SELECT country, count(*) FROM prompts GROUP BY 1 ORDER BY 2 DESC LIMIT 20",
)
LOOK_S = 2.0
"""How long one looks at an answer, on average."""


@contextmanager
def logged_in(url: str, atlas: dict[str, Any], people: int) -> Iterator[list[Asker]]:
    """Visitors with a login each."""
    with ExitStack() as held:
        yield [held.enter_context(Asker(url, atlas, f"visitor{n}", LOGIN)) for n in range(people)]


def visits(
    people: list[Asker],
    atlas: dict[str, Any],
    seconds: float,
    look_s: float = LOOK_S,
    phase: str = "",
) -> tuple[dict[str, list[float]], list[str]]:
    """Milliseconds of all that visitors asked, by its name, and the errors that they were shown.

    What they ask is another in each phase: kept answers would make all but the first quick.

    That others are served first, or that so many runs a minute are allowed, is no error.
    """
    import httpx

    errors: list[str] = []
    end = time.monotonic() + seconds

    def visit(one: Asker, number: int) -> None:
        rng = random.Random(f"{phase} {number}")
        time.sleep(rng.uniform(0, 1.5 * look_s))  # they don't begin all at once
        while time.monotonic() < end:
            try:
                _act(one, atlas, rng)
            except (httpx.HTTPError, KnError) as e:
                errors.append(f"{type(e).__name__}: {e}")
            time.sleep(rng.uniform(0.5, 1.5) * look_s)

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
