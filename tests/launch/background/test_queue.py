"""The queue makes one step after the other, pauses, goes on, and says what failed."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import ClassVar

import pytest

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.lake.disk import FullDisk
from kn_assets.launch.background import queue as queues
from kn_assets.launch.background.queue import Queue
from kn_assets.launch.background.step import Step
from tests.launch.background.conftest import QUICK, WISH, Open, states, until

pytestmark = pytest.mark.slow
DONE = {"tokens": "done", "rest": "done"}


def test_paused_within_a_step_it_lets_others_write_and_goes_on_in_another_app(
    lake: Lake, steps: list[Step], opened: Open
) -> None:
    with lake.writing():  # a command of one's own: the step waits for it
        queue = opened()
        told = until(queue, lambda state: "waiting for" in str(state["steps"][0].get("words")))
        assert states(told) == {"tokens": "running", "rest": "waiting"}
        assert told["left_s"] > 5
        assert Queue.open(lake, [WISH]) is None  # the lake has one
        queue.pause()
        until(queue, lambda state: states(state)["tokens"] == "waiting")
    with lake.writing(wait=False):
        assert queue.state()["paused"]
    assert not steps[0].made(lake)
    queue.close()
    queue = opened()
    assert queue.state()["paused"]  # as it was left
    queue.resume()
    until(queue, lambda state: states(state) == DONE)
    assert steps[0].made(lake)
    queue.close()
    again = opened()
    assert states(again.state()) == DONE
    assert again.state()["left_s"] == 0


def test_a_killed_step_is_told_and_tried_again(lake: Lake, steps: list[Step], opened: Open) -> None:
    with lake.writing():
        queue = opened()
        until(queue, lambda state: "waiting for" in str(state["steps"][0].get("words")))
        assert queue._at_work is not None
        os.kill(queue._at_work._process.pid, signal.SIGKILL)
        told = until(queue, lambda state: "failed" in states(state).values())
        assert states(told) == {"tokens": "failed", "rest": "failed"}
        first, second = told["steps"]
        assert "SIGKILL" in first["trouble"]
        assert second["trouble"] == "it needs the tokens"
        queue.resume()
        assert "failed" not in states(queue.state()).values()
        until(queue, lambda state: states(state)["tokens"] == "running")


def test_after_a_failed_step_others_go_on(lake: Lake, steps: list[Step], opened: Open) -> None:
    wrong = (*steps[0].command, "--density", "7")
    steps[:] = [
        replace(steps[0], name="wrong", command=wrong),
        replace(steps[1], name="needs it", command=("sql", "SELECT 2"), needs=("wrong",)),
        replace(steps[0], command=QUICK, made=steps[1].made),
    ]
    told = until(opened(), lambda state: states(state)["tokens"] == "done")
    assert states(told) == {"wrong": "failed", "needs it": "failed", "tokens": "done"}
    assert told["steps"][0]["trouble"].startswith("--density must lie between 0 and 1")


def test_a_full_disk_stops_it_with_a_word(
    lake: Lake, steps: list[Step], opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps[0] = replace(steps[0], command=QUICK, made=steps[1].made)
    with monkeypatch.context() as patch:

        def no_room(root: object) -> None:
            raise FullDisk(lake.root, "KN_DATA")

        patch.setattr(queues, "check_room", no_room)
        queue = opened()
        told = until(queue, lambda state: state["note"])
        assert told["paused"]
        assert "is full: free some space" in told["note"]
    queue.resume()
    until(queue, lambda state: states(state) == DONE)
    assert not queue.state()["note"]


class Ends:
    """A process that is over at once; `made` is what it made."""

    made: ClassVar[list[str]] = []

    def __init__(self, lake: Lake, step: Step) -> None:
        self.step, self.stopped, self.words, self.began = step, False, "", 0.0

    def wait(self) -> None:
        self.made.append(self.step.name)

    def stop(self) -> None:
        self.stopped = True

    def left_s(self, expected_s: float) -> float:
        return expected_s


def test_what_came_true_can_be_wished_again(
    steps: list[Step], opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "Process", Ends)
    monkeypatch.setattr(Ends, "made", [])
    steps[:] = [replace(steps[1], needs=(), made=lambda lake: "rest" in Ends.made)]
    queue = opened(asked=[])
    for _ in range(2):
        queue.make("atlas", "tiny")
        until(queue, lambda state: states(state) == {"rest": "done"}, 20)
        assert Ends.made == ["rest"]
        Ends.made.clear()  # the table is damaged


@pytest.mark.parametrize(
    "note", ["{}", "[]", '{"wishes": 1}', '{"done": null}', '{"pace": null}', '{"done": [[]]}']
)
def test_a_note_that_makes_no_sense_is_none(
    lake: Lake, steps: list[Step], opened: Open, note: str
) -> None:
    (lake.root / ".making.json").write_text(note)
    assert states(opened(asked=[], paused=True).state()) == {}


def test_what_is_cancelled_is_left_out_with_what_needs_it(
    lake: Lake, steps: list[Step], opened: Open
) -> None:
    steps[0] = replace(steps[0], command=QUICK, made=steps[1].made)
    queue = opened(paused=True)
    assert queue.state()["paused"]
    queue.cancel("tokens")
    assert states(queue.state()) == {}
    queue.close()
    queue = opened(paused=True)
    assert states(queue.state()) == {}
    queue.pause()
    queue.make("atlas", "tiny")
    assert states(queue.state()).keys() == {"tokens", "rest"}
    assert not queue.state()["paused"]


def test_a_lake_that_nobody_can_write_to_makes_nothing(
    lake: Lake, steps: list[Step], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(lake: Lake, folder: object) -> None:
        raise KnError("can't write")

    monkeypatch.setattr(Lake, "make", refuse)
    assert Queue.open(lake, [WISH]) is None
