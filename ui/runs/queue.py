"""The queue of live runs: one at a time, others told how many are before them.

Each person has one run in it at most, and so many a minute.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from kn_assets.errors import KnError
from kn_assets.live.process import Tell
from ui.rows import Answer

LOOK_S = 0.2  # between two looks at a run under way

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LiveLimits:
    """What a person's runs may take.

    `tokens`: of a run (None: as many as the model reads); `characters`: of a text; `seconds`: of a
    run with loading the model; `waiting`: runs queued at most; `a_minute`: runs of one person.
    """

    tokens: int | None = None
    characters: int = 200_000
    seconds: float = 1800.0
    waiting: int = 20
    a_minute: int = 600


LIVE_ALONE = LiveLimits()
"""For a person on their own machine."""
LIVE_SHARED = LiveLimits(tokens=256, characters=4_000, seconds=60.0, waiting=10, a_minute=6)
"""For an app that others can reach."""


class LiveQueue:
    """Runs in the order they came, done one by one in a thread; safe to call from several."""

    def __init__(self, limits: LiveLimits) -> None:
        self.limits = limits
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="live")
        self._queue: list[_Run] = []
        self._started: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Begin no other run."""
        self.thread.shutdown(wait=False, cancel_futures=True)

    def run(
        self, user: str, work: Callable[[Tell], T], told: Callable[[T], Answer]
    ) -> Iterator[Answer]:
        """Do `work` when its turn has come: how far it is, then what `told` makes of its end.

        What goes wrong is the last answer, in `error`.
        """
        run: _Run | None = None
        try:
            run = self._enter(user, work)
            yield from self._watch(run)
            yield told(run.future.result())
        except KnError as e:
            yield {"error": str(e)}
        except Exception as e:
            # Gradio would leave the page waiting.
            log.exception("a live run failed in an unforeseen way")
            yield {"error": f"this run failed in a way the app did not foresee: {e}"}
        finally:
            if run is not None:  # nobody waits for it any more
                run.future.cancel()

    def _enter(self, user: str, work: Callable[[Tell], Any]) -> _Run:
        with self._lock:
            if any(run.user == user for run in self._queue):
                raise KnError("your last text is still being run: wait for it")
            if len(self._queue) > self.limits.waiting:
                raise KnError(f"{len(self._queue)} texts are waiting already: try again later")
            self._count(user)
            run = _Run(user)
            self._queue.append(run)
            run.future = self.thread.submit(work, run.tell)
        run.future.add_done_callback(lambda _: self._leave(run))
        return run

    def _count(self, user: str) -> None:
        now = time.monotonic()
        for other, times in list(self._started.items()):
            while times and now - times[0] > 60:
                times.popleft()
            if not times:
                del self._started[other]
        times = self._started.setdefault(user, deque())
        if len(times) >= self.limits.a_minute:
            raise KnError(f"{self.limits.a_minute} texts a minute are run here: wait a little")
        times.append(now)

    def _leave(self, run: _Run) -> None:
        with self._lock:
            self._queue.remove(run)

    def _watch(self, run: _Run) -> Iterator[Answer]:
        """What there is to tell of a run, as it changes, until it is over."""
        last: Answer = {}
        while True:
            with self._lock:
                before = self._queue.index(run) if run in self._queue else 0
            now = {"waiting": before} if before else dict(run.told)
            if now and now != last:
                last = now
                yield now
            if wait([run.future], timeout=LOOK_S).done:
                return


class _Run:
    """A run in the queue: whose it is, and what was last told of it."""

    future: Future[Any]

    def __init__(self, user: str) -> None:
        self.user = user
        self.told: Answer = {}

    def tell(self, words: str, done: int, of: int) -> None:
        self.told = {"words": words, "done": done, "of": of}
