"""The queue of jobs: their order, what each person may have, cancelling, pages that are closed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from kn_assets.errors import KnError
from kn_assets.processes import UNFORESEEN, Stopped
from ui.runs import queue as queues
from ui.runs.job import Job, Lane, Longer, Work
from ui.runs.queue import Queue


class Held:
    """Work that goes on until it is let go or stopped."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun: list[str] = []
        self.ended: list[str] = []

    def work(self, name: str, **more: Any) -> Work:
        def do(job: Job) -> dict[str, Any]:
            self.begun.append(name)
            job.tell("layers", 1, 3)
            try:
                while not self.go.wait(0.01):
                    if job.stop.is_set():
                        raise Stopped
            finally:
                self.ended.append(name)
            if name == "bad":
                raise KnError("no memory")
            return {"name": name}

        return Work("live", do, **more)


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def queue() -> Iterator[Queue]:
    queue = Queue({"live": Lane(waiting=2, a_minute=3)})
    yield queue
    queue.close()


def until(condition: Callable[[], bool]) -> None:
    for _ in range(3000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it didn't come to that")


def is_over(queue: Queue, ticket: str) -> Callable[[], bool]:
    return lambda: queue.look(ticket)["state"] not in ("waiting", "running")


def test_one_at_a_time_and_the_others_are_told(queue: Queue, held: Held) -> None:
    first, second, third = (queue.start(held.work(name), name) for name in ("a", "b", "bad"))
    until(lambda: held.begun == ["a"])
    until(lambda: queue.look(first).get("done") == 1)
    assert queue.look(first) == {"state": "running", "words": "layers", "done": 1, "of": 3}
    assert queue.look(second) == {"state": "waiting", "before": 1}
    assert queue.look(third) == {"state": "waiting", "before": 2}
    with pytest.raises(KnError, match="3 runs are waiting already"):
        queue.start(held.work("d"), "d")
    held.go.set()
    until(is_over(queue, third))
    assert queue.look(first) == {"state": "done", "result": {"name": "a"}}
    assert queue.look(second) == {"state": "done", "result": {"name": "b"}}
    assert queue.look(third) == {"state": "failed", "error": "no memory"}
    assert held.begun == ["a", "b", "bad"]


def test_a_person_has_so_many_a_minute(queue: Queue, held: Held) -> None:
    held.go.set()
    for name in "abc":
        until(is_over(queue, queue.start(held.work(name), "me")))
    with pytest.raises(KnError, match="3 runs a minute"):
        queue.start(held.work("d"), "me")
    queue.start(held.work("e"), "you")


def test_shared_work_that_costs_is_counted_where_it_is_begun(queue: Queue, held: Held) -> None:
    held.go.set()
    for name in "abc":
        until(is_over(queue, queue.start(held.work(name, shared=name, counted=True), "me")))
    queue.start(held.work("a", shared="a", counted=True), "me")  # it is there
    queue.start(held.work("lens", shared="lens"), "me")
    with pytest.raises(KnError, match="3 runs a minute"):
        queue.start(held.work("d", shared="d", counted=True), "me")
    with pytest.raises(KnError, match="3 runs a minute"):
        queue.start(held.work("e"), "me")


def test_a_person_does_not_fill_the_lane_with_shared_work(held: Held) -> None:
    queue = Queue({"live": Lane(waiting=20)})
    for name in "abc":
        queue.start(held.work(name, shared=name, counted=True), "me")
    with pytest.raises(KnError, match="3 of your runs aren't over yet"):
        queue.start(held.work("d", shared="d", counted=True), "me")
    queue.start(held.work("d", shared="d", counted=True), "you")
    queue.close()


def test_people_take_turns(held: Held) -> None:
    queue = Queue({"live": Lane(waiting=20)})
    queue.start(held.work("first"), "a")
    until(lambda: held.begun == ["first"])
    tickets = {
        name: queue.start(held.work(name), person)
        for name, person in (
            *(("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b"), ("b2", "b")),
            *(("c1", "c"),),
        )
    }
    order = ["b1", "c1", "a1", "b2", "a2", "a3"]
    before = [queue.look(tickets[name])["before"] for name in order]
    assert before == [1, 2, 3, 4, 5, 6]
    held.go.set()
    until(is_over(queue, tickets["a3"]))
    assert held.begun[:4] == ["first", "b1", "c1", "a1"]
    assert set(held.begun[4:]) == {"b2", "a2", "a3"}
    queue.close()


def test_longer_work_is_in_nobodys_way(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on in a lane of its own, as its person's next does, and theirs stay as few."""
    long = Held()

    def longer(job: Job) -> dict[str, Any]:
        held.begun.append("longer")
        raise Longer

    def work(name: str) -> Work:
        return Work("live", longer, then=replace(long.work(name), lane="long"))

    queue = Queue({"live": Lane(each=2), "long": Lane(waiting=1, each=2)})
    mine = queue.start(work("a"), "me")
    until(lambda: long.begun == ["a"])
    mine_too = queue.start(work("b"), "me")
    assert queue.look(mine_too) == {"state": "waiting", "before": 1}
    assert held.begun == ["longer"], "the second began where longer work is done"
    with pytest.raises(KnError, match="2 of your runs aren't over yet"):
        queue.start(work("c"), "me")
    held.go.set()
    until(is_over(queue, queue.start(held.work("short"), "you")))
    full = queue.start(work("d"), "they")
    until(is_over(queue, full))
    assert queue.look(full)["error"] == "2 runs are waiting already: try again later"
    long.go.set()
    until(is_over(queue, mine_too))
    assert [queue.look(t)["result"] for t in (mine, mine_too)] == [{"name": "a"}, {"name": "b"}]
    monkeypatch.setattr(queues, "SLOW_S", 0.0)
    until(is_over(queue, queue.start(work("e"), "me")))
    assert held.begun[-1] == "longer", "after a while it begins with the others again"
    queue.close()


def test_a_persons_second_run_waits_for_the_first_and_a_third_is_refused(held: Held) -> None:
    queue = Queue({"live": Lane(waiting=20, each=2)})
    queue.start(held.work("a"), "me")
    until(lambda: held.begun == ["a"])
    second = queue.start(held.work("c"), "me")
    assert queue.look(second) == {"state": "waiting", "before": 1}
    with pytest.raises(KnError, match="2 of your runs aren't over yet"):
        queue.start(held.work("d"), "me")
    with pytest.raises(KnError, match="2 of your runs aren't over yet"):
        queue.start(held.work("lens", shared="lens"), "me")
    queue.start(held.work("e"), "you")
    queue.close()


def test_looks_are_counted_by_themselves(held: Held) -> None:
    queue = Queue({"live": Lane(a_minute=1, looks_a_minute=2)})
    held.go.set()
    for name in "ab":
        until(is_over(queue, queue.start(held.work(name, shared=name), "me")))
    queue.start(held.work("a", shared="a"), "me")  # it is there
    with pytest.raises(KnError, match="2 runs a minute"):
        queue.start(held.work("c", shared="c"), "me")
    queue.start(held.work("text"), "me")
    queue.start(held.work("c", shared="c"), "you")
    queue.close()


def test_cancelling_stops_the_work_and_frees_the_place(queue: Queue, held: Held) -> None:
    running, waiting = queue.start(held.work("a"), "me"), queue.start(held.work("b"), "you")
    until(lambda: held.begun == ["a"])
    queue.cancel(waiting)
    queue.cancel(running)
    again = queue.start(held.work("c"), "me")  # at once, while the first one is still ending
    until(lambda: held.begun == ["a", "c"])
    assert held.ended == ["a"]
    assert queue.look(again)["state"] == "running"
    with pytest.raises(KnError, match="run it again"):
        queue.look(running)
    queue.cancel("no such ticket")


def test_shared_work_is_done_once_and_stopped_by_the_last(queue: Queue, held: Held) -> None:
    mine = queue.start(held.work("a", shared="lens"), "me")
    yours = queue.start(held.work("a", shared="lens"), "you")
    queue.start(held.work("b"), "me")  # what is shared is nobody's one run
    until(lambda: held.begun == ["a"])
    queue.cancel(mine)
    assert queue.look(yours)["state"] == "running"
    queue.cancel(yours)
    until(lambda: "a" in held.ended)
    held.go.set()
    until(lambda: held.begun == ["a", "b"])
    again = queue.start(held.work("a", shared="lens"), "me")
    until(is_over(queue, again))
    kept = queue.start(held.work("a", shared="lens"), "you")
    assert queue.look(kept) == {"state": "done", "result": {"name": "a"}}
    assert held.begun == ["a", "b", "a"]


def test_shared_work_that_failed_is_tried_again(queue: Queue, held: Held) -> None:
    held.go.set()
    for _ in range(2):
        ticket = queue.start(held.work("bad", shared="x"), "me")
        until(is_over(queue, ticket))
        assert queue.look(ticket)["error"] == "no memory"
    assert held.begun == ["bad", "bad"]


def test_a_closed_page_ends_its_jobs(
    queue: Queue, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.start(held.work("a"), "me")
    queue.start(held.work("b"), "you")
    until(lambda: held.begun == ["a"])
    queue.sweep()
    assert not held.ended
    monkeypatch.setattr(queues, "FORGOTTEN_S", -1.0)
    queue.sweep()
    until(lambda: held.ended == ["a"])
    monkeypatch.undo()
    held.go.set()
    last = queue.start(held.work("c"), "me")
    until(is_over(queue, last))
    assert held.begun == ["a", "c"]


def test_what_is_not_foreseen_is_told(queue: Queue, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: Job) -> dict[str, Any]:
        raise ZeroDivisionError("by zero")

    ticket = queue.start(Work("live", broken), "me")
    until(is_over(queue, ticket))
    assert queue.look(ticket)["error"] == UNFORESEEN
    assert "by zero" not in UNFORESEEN
    assert "by zero" in caplog.text
