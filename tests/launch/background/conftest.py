"""A queue whose wish is two small steps, in processes that are forked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kn_assets.lake import Lake, model
from kn_assets.launch.background import process, wishes
from kn_assets.launch.background.queue import Queue
from kn_assets.launch.background.step import Step, tables
from kn_assets.launch.background.wishes import Wish
from kn_assets.models.source import resolve
from tests import forked, small

WISH = Wish("atlas", "tiny")
QUICK = ("sql", "SELECT 1")


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Step]:
    """What the wish is made by: tables, then a query; a test may change the list."""
    given = small.settings(tmp_path)
    options = ("--corpus", given.corpus, "--model", given.model, "--limit", "6", "--density", "0.1")
    atlas = (*options, "--tokens", "8", "--dtype", "float32")
    key = resolve(given.model).key
    words = ("run", *atlas, "--only", "tokens")
    made = [
        Step("tokens", "the tokens", words, 5.0, tables(model(key), ["tokens"]), "atlas", "tiny"),
        Step("rest", "the rest", QUICK, 5.0, lambda lake: True, "atlas", "tiny", ("tokens",)),
    ]
    monkeypatch.setattr(wishes, "steps", lambda lake, wish: list(made))
    monkeypatch.setenv("KN_NICE", "0")  # where the tests run, others may be busy
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "lake" / "dagster"))
    forked.put_in_place(monkeypatch, process, of="kn_assets.launch.background.child")
    return made


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    lake.make(lake.root)
    return lake


Open = Callable[..., Queue]


@pytest.fixture
def opened(lake: Lake, steps: list[Step]) -> Iterator[Open]:
    """Opens the lake's queue; all are closed at the end."""
    queues = []

    def open_(**how: Any) -> Queue:
        queue = Queue.open(lake, **{"asked": [WISH], **how})
        assert queue is not None
        queues.append(queue)
        return queue

    yield open_
    for queue in queues:
        queue.close()


def until(queue: Queue, holds: Callable[[dict[str, Any]], object], seconds: float = 400) -> Any:
    """The state of a queue once it is so."""
    end = time.monotonic() + seconds
    while not holds(state := queue.state()):
        assert time.monotonic() < end, state
        time.sleep(0.05)
    return state


def states(state: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["state"] for row in state["steps"]}
