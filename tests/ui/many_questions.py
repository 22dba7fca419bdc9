"""An app's server that is asked thousands of questions, alone in its process, for tests of memory.

    python -m tests.ui.many_questions FOLDER N

prints the process's bytes after every tenth of N questions, no two of which are alike, once it has
had what it takes but once.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import psutil

from tests.made import make_lake
from ui import api as apis
from ui.api import Api
from ui.app import TABS
from ui.context import Context

JOIN = """
SELECT a.i, j FROM range(10) a(i) JOIN (SELECT i, 2 * i AS j FROM range(10) t(i)) USING (i)
WHERE j > 3 ORDER BY 1
"""
FULL = 30_000
"""Joins after which DuckDB's list of blocks to evict grows no more: it is cleared of those that are
gone only where it is long, so that a process takes some 20 MiB more over its first hours."""
QUESTIONS = ("prompt", "neuron", "search", "points", "has_prompt", "always_on", "facts")


def main(folder: Path, n: int) -> None:
    apis.REMEMBERED = 1 << 20  # kept answers have a bound of their own
    api = Api(Context(make_lake(folder, n_prompts=8, n_layers=3), shared=True), TABS)
    rng, process = random.Random(0), psutil.Process()

    def grown(n: int) -> list[int]:
        looks = []
        for number in range(1, n + 1):
            place = {
                "prompt": rng.randrange(8),
                "layer": rng.randrange(3),
                "neuron": rng.randrange(8),
            }
            more = {"text": rng.choice("abc"), "offset": 0, "limit": 50, "kind": "neurons"}
            api.ask(rng.choice(QUESTIONS), {"model": "tiny", **place, **more, "n": rng.random()})
            if number % (n // 10) == 0:
                looks.append(process.memory_info().rss)
        return looks

    cursor = api.context.database.cursor()
    for _ in range(FULL):
        cursor.execute(JOIN).fetchall()
    grown(1500)
    print(json.dumps(grown(n)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
