"""Longer work that the page starts, watches and may cancel: texts, facts, lens, heads and SQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from ui.rows import Answer


@dataclass(frozen=True)
class Lane:
    """Where jobs of a kind wait for each other.

    `at_once`: jobs done together; `waiting`: jobs queued at most; `a_minute`: those of one person,
    `looks_a_minute` where they only show more of a prompt; `each`: jobs that one person may have
    waiting or running.
    """

    at_once: int = 1
    waiting: int = 20
    a_minute: int = 600
    looks_a_minute: int = 6_000
    each: int = 1_000


class Longer(Exception):
    """Work isn't over in the time that its lane gives it: what it has as `then` is done instead."""


@dataclass(frozen=True)
class Work:
    """What a job does, in which lane.

    `do(job)` gives the result; it calls `job.tell` and looks at `job.stop` meanwhile, and raises
    KnError where it fails, `kn_assets.processes.Stopped` where it was stopped. Who asks for work
    that is `shared` under one name shares it. `then`, in another lane, is done where `do` raises
    Longer, and at once for a person whose work lately did. One of the runs a minute of who began it
    is what isn't shared, or is `counted`; what else is shared is one of the looks a minute.
    """

    lane: str
    do: Callable[[Job], Answer]
    shared: Hashable = None
    counted: bool = False
    then: Work | None = None


class Job:
    """A piece of work on its way: waiting, running, done, failed or cancelled."""

    def __init__(self, work: Work, person: str) -> None:
        self.work, self.person = work, person
        self.stop = threading.Event()
        self.tickets: set[str] = set()
        self.state: Answer = {"state": "waiting"}

    @property
    def is_over(self) -> bool:
        return self.state["state"] in ("done", "failed", "cancelled")

    def tell(self, words: str, done: int, of: int) -> None:
        """How far a running job is; `of` is 0 where that isn't known."""
        self.put("running", words=words, done=done, of=of)

    def put(self, state: str, **more: Any) -> None:
        """Change the state, unless the job is over."""
        if not self.is_over:
            self.state = {"state": state, **more}
