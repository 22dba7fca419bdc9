"""What a server that is asked for days keeps: nothing more for each question."""

from __future__ import annotations

import random
from pathlib import Path
from statistics import median

import psutil
import pytest

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


@pytest.mark.thorough
@pytest.mark.timeout(1800)  # two minutes, several beside others
def test_memory_does_not_grow_with_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apis, "REMEMBERED", 1 << 20)  # kept answers have a bound of their own
    api = Api(Context(make_lake(tmp_path, n_prompts=8, n_layers=3), shared=True), TABS)
    rng, process = random.Random(0), psutil.Process()

    def grown(n: int) -> list[int]:
        """Bytes of the process after every tenth of n questions, no two of which are alike."""
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
    n = 5000
    looks = grown(n)
    more = median(looks[-3:]) - median(looks[:3])
    assert more / (0.7 * n) < 2500, f"{more >> 20} MiB more: {[look >> 20 for look in looks]}"
