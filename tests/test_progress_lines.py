"""What a log line says of work under way is read back as it was meant."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from kn_assets.progress import LogProgress, Told


def test_lines_are_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    seconds = count(100.0, 5.0)
    monkeypatch.setattr("kn_assets.progress.time.monotonic", lambda: next(seconds))
    log: Any = LogProgress(said.append, every_s=0.0)
    with log.bar("map: neurons", 40, "iterations", done=10) as bar:
        bar.note("KL 3.4, loss 2")
        bar.advance(10)
    log.say("waiting for `kn run`: 3/4")
    first, last, words = map(Told.of, said)
    assert first is not None and last is not None
    assert (first.title, first.done, first.total) == ("map: neurons", 20, 40)
    assert first.left_s is not None and first.left_s > 0
    assert f"{first.left_s:.0f} s left" in said[0]
    assert (last.done, last.total, last.left_s) == (20, 40, 0.0)
    assert words is None
