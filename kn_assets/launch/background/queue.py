"""The queue of what is made while the app is open: one step after the other, for one app a lake.

A step takes the lake's lock for itself alone: a command of one's own waits for one step at most.
Pausing ends the step under way, which goes on later from its last part, batch or saved state.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from filelock import FileLock, Timeout

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.lake.disk import FullDisk, check_room
from kn_assets.launch.background import wishes
from kn_assets.launch.background.ledger import Ledger, State
from kn_assets.launch.background.process import Process
from kn_assets.launch.background.wishes import Wish

_LOCK = ".making.lock"
_CLOSING_S = 15.0


class Queue:
    """What a lake's app makes. `open` one, `close` it at the end; safe to use from many threads."""

    def __init__(self, lake: Lake, lock: FileLock, asked: Sequence[Wish], paused: bool) -> None:
        self._lake, self._lock = lake, lock
        self._ledger = Ledger(lake, asked)
        self._paused = self._ledger.was_paused or (paused and bool(self._ledger.wishes))
        self._note = ""
        self._closed = False
        self._at_work: Process | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="making", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, lake: Lake, asked: Sequence[Wish] = (), paused: bool = False) -> Queue | None:
        """The lake's queue with the wishes `asked` for first; None where another app has it, and in
        a lake that can't be written to.

        paused: what an earlier app left undone waits until one says so.
        """
        lock = FileLock(lake.root / _LOCK, thread_local=False)
        try:
            lake.make(lake.root)
            lock.acquire(timeout=0)
        except (Timeout, OSError, KnError):  # KnError: nothing can be written here
            return None
        try:
            return cls(lake, lock, asked, paused)
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """End the step under way, and let another app have the queue."""
        with self._changed:
            self._closed = True
            self._stop()
            self._changed.notify_all()
        self._thread.join(_CLOSING_S)
        self._lock.release()

    # -- what one may do -------------------------------------------------------------------------

    def pause(self) -> None:
        with self._changed:
            self._paused = True
            self._note = ""
            self._stop()
            self._keep()

    def resume(self) -> None:
        """Go on; what failed is tried again."""
        with self._changed:
            self._paused = False
            self._note = ""
            self._ledger.failed.clear()
            self._ledger.refresh()
            self._keep()

    def make(self, what: str, model: str) -> None:
        """Put a wish first, unless it is listed. Raises KnError where it can't be made."""
        with self._changed:
            self._ledger.wish(Wish(what, model))
            self._paused = False
            self._note = ""
            self._keep()

    def cancel(self, name: str) -> None:
        """Leave out a step, and those that need it."""
        with self._changed:
            gone = self._ledger.drop(name)
            if self._at_work and self._at_work.step.name in gone:
                self._stop()
            self._keep()

    def stand_aside(self) -> None:
        """The step under way stands still for a moment: somebody uses the app."""
        if (process := self._at_work) is not None:
            process.stand_aside()

    def state(self) -> State:
        """What is made, what is to come, and how long it will take: what the page shows.

        steps: `name`, `title`, `what`, `model`, `trains`, `state` (`running`, `waiting`, `failed`,
        `done`), `left_s`, `words` of a running one and `trouble` of a failed one. offers: seconds
        by what can be wished for.
        """
        with self._changed:
            rows = self._ledger.rows(self._at_work)
            waits = [row for row in rows if row["state"] in ("running", "waiting")]
            left = sum(row["left_s"] for row in waits)
            return {
                "paused": self._paused,
                "note": self._note,
                "left_s": left,
                "first_hour": any(wish.what == "demo" for wish in self._ledger.wishes),
                "offers": {what: s * self._ledger.pace for what, s in wishes.SECONDS.items()},
                "steps": rows,
            }

    # -- inside ----------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (self._paused or self._ledger.next() is None):
                    self._changed.wait()
                if self._closed:
                    return
                step = self._ledger.next()
                assert step is not None
                try:
                    check_room(self._lake.root)
                    self._at_work = process = Process(self._lake, step)
                except (KnError, OSError) as e:
                    self._halt(str(e))
                    continue
                is_whole = self._ledger.begin(step)
            trouble = process.wait()
            with self._changed:
                self._at_work = None
                self._ended(process, trouble, is_whole)
                self._keep()

    def _ended(self, process: Process, trouble: str | None, is_whole: bool) -> None:
        """is_whole: it made all of its tables, none of which an earlier one had left."""
        step = process.step
        if trouble is None:
            self._ledger.end(step, time.monotonic() - process.began if is_whole else None)
        elif process.stopped:
            return  # it goes on when it is wanted again
        elif trouble == str(FullDisk(self._lake.root, "KN_DATA")):
            self._halt(trouble)
        else:
            self._ledger.failed[step.name] = trouble

    def _halt(self, note: str) -> None:
        """Stop for what would keep every step from being made."""
        self._paused, self._note = True, note

    def _stop(self) -> None:
        if self._at_work is not None:
            self._at_work.stop()
        self._changed.notify_all()

    def _keep(self) -> None:
        try:
            self._ledger.keep(is_paused=self._paused and not self._note)
        except KnError as e:
            self._halt(str(e))
        self._changed.notify_all()
