"""The queue of what is made while the app is open: one step after the other, for one app a lake.

It is kept in the lake, so that an app that was killed goes on where it stopped. Whether a step is
done is told by its tables, and by its command having ended well. A step takes the lake's lock for
itself alone: a command of one's own waits for one step at most. Pausing ends the step under way,
which goes on later from its last part, batch or saved state.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from filelock import FileLock, Timeout

from kn_assets.errors import KnError
from kn_assets.lake import Lake, said_plainly, write_text
from kn_assets.lake.disk import check_room, full
from kn_assets.launch.background import wishes
from kn_assets.launch.background.process import Process
from kn_assets.launch.background.step import Step
from kn_assets.launch.background.wishes import Wish

_NOTE, _LOCK = ".making.json", ".making.lock"
_CLOSING_S = 15.0

State = dict[str, Any]


class Queue:
    """What a lake's app makes. `open` one, `close` it at the end; safe to use from many threads."""

    def __init__(self, lake: Lake, lock: FileLock, asked: Sequence[Wish], paused: bool) -> None:
        self._lake, self._lock = lake, lock
        kept = self._kept()
        given = {(wish.what, wish.model) for wish in asked}
        older = [w for w in kept["wishes"] if (w.what, w.model) not in given]
        self._wishes = [*asked, *older]
        self._done: set[str] = set(kept["done"])  # by the command: with other options it's another
        self._dropped: set[str] = set(kept["dropped"])
        self._begun: set[str] = set(kept["begun"])  # not ended well yet: the next time is a rest
        self._pace: float = kept["pace"]
        self._failed: dict[str, str] = {}
        self._paused = bool(kept["paused"] or (paused and self._wishes))
        self._note = ""
        self._closed = False
        self._at_work: Process | None = None
        self._steps: list[Step] = []
        self._changed = threading.Condition()
        self._list()
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
            self._failed.clear()
            self._list()
            self._keep()

    def make(self, what: str, model: str) -> None:
        """Put a wish first, unless it is listed. Raises KnError where it can't be made."""
        wish = Wish(what, model)
        made = wishes.steps(self._lake, wish)
        with self._changed:
            self._list()  # without the steps of wishes that came true
            names = {step.name for step in made}
            self._dropped -= names
            self._done -= {s.words for s in made if not s.made(self._lake)}
            for name in names:
                self._failed.pop(name, None)
            if not names <= {step.name for step in self._steps}:
                self._wishes.insert(0, wish)
            self._paused = False
            self._note = ""
            self._list()
            self._keep()

    def cancel(self, name: str) -> None:
        """Leave out a step, and those that need it."""
        with self._changed:
            gone = {name}
            for step in self._steps:  # in an order in which none comes before what it needs
                if set(step.needs) & gone:
                    gone.add(step.name)
            self._dropped |= gone
            if self._at_work and self._at_work.step.name in gone:
                self._stop()
            self._list()
            self._keep()

    def state(self) -> State:
        """What is made, what is to come, and how long it will take: what the page shows.

        steps: `name`, `title`, `what`, `model`, `trains`, `state` (`running`, `waiting`, `failed`,
        `done`), `left_s`, `words` of a running one and `trouble` of a failed one. offers: seconds
        by what can be wished for.
        """
        with self._changed:
            rows = [self._told(step) for step in self._steps]
            lost = {row["name"]: row["title"] for row in rows if row["state"] == "failed"}
            for row, step in zip(rows, self._steps, strict=True):
                if row["state"] == "waiting" and (first := set(step.needs) & lost.keys()):
                    row |= {"state": "failed", "trouble": f"it needs {lost[first.pop()]}"}
                    lost[step.name] = step.title
            waits = [row for row in rows if row["state"] in ("running", "waiting")]
            left = sum(row["left_s"] for row in waits)
            return {
                "paused": self._paused,
                "note": self._note,
                "left_s": left,
                "first_hour": any(wish.what == "demo" for wish in self._wishes),
                "offers": {what: s * self._pace for what, s in wishes.SECONDS.items()},
                "steps": rows,
            }

    # -- inside ----------------------------------------------------------------------------------

    def _told(self, step: Step) -> State:
        row: State = {
            "name": step.name,
            "title": step.title,
            "what": step.what,
            "model": step.model,
            "trains": step.trains,
            "state": "waiting",
            "left_s": step.seconds * self._pace,
        }
        process = self._at_work
        if process is not None and process.step.name == step.name:
            left = process.left_s(row["left_s"])
            return row | {"state": "running", "left_s": left, "words": process.words}
        if step.name in self._failed:
            return row | {"state": "failed", "trouble": self._failed[step.name]}
        if step.words in self._done:
            return row | {"state": "done", "left_s": 0.0}
        return row

    def _list(self) -> None:
        """The steps of all wishes, each once, without those that were left out."""
        found: dict[str, Step] = {}
        for wish in list(self._wishes):
            try:
                made = wishes.steps(self._lake, wish)
            except KnError as e:
                if wish.model not in {p.key for p in self._lake.partitions("model")}:
                    self._wishes.remove(wish)  # its atlas is gone, and the wish with it
                    continue
                title = f"{wish.what} of {wish.model}"
                made = [Step(title, title, (), 1.0, lambda _: False, wish.what, wish.model)]
                self._failed[title] = str(e)
            for step in made:
                if step.name not in self._dropped:
                    found.setdefault(step.name, step)
        self._steps = list(found.values())
        self._failed = {name: self._failed[name] for name in found if name in self._failed}
        made = [step for step in self._steps if step.made(self._lake)]
        self._done &= {step.words for step in made}
        self._done |= {step.words for step in made if step.is_told}

    def _next(self) -> Step | None:
        """The first step that isn't over, and doesn't need one that failed."""
        lost = set(self._failed)
        for step in self._steps:
            if set(step.needs) & lost:
                lost.add(step.name)
            elif step.words not in self._done and step.name not in lost:
                return step
        return None

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (self._paused or self._next() is None):
                    self._changed.wait()
                if self._closed:
                    return
                step = self._next()
                assert step is not None
                try:
                    check_room(self._lake.root)
                    self._at_work = process = Process(self._lake, step)
                except (KnError, OSError) as e:
                    self._halt(str(e))
                    continue
                is_whole = step.name not in self._begun and not step.made(self._lake)
                self._begun.add(step.name)
            trouble = process.wait()
            with self._changed:
                self._at_work = None
                self._ended(process, trouble, is_whole)
                self._keep()

    def _ended(self, process: Process, trouble: str | None, is_whole: bool) -> None:
        """is_whole: it made all of its tables, none of which an earlier one had left."""
        step = process.step
        if trouble is None:
            self._done.add(step.words)
            self._begun.discard(step.name)
            if is_whole:
                self._time(step, process)
            self._forget()
        elif process.stopped:
            return  # it goes on when it is wanted again
        elif trouble == str(full(self._lake.root)):
            self._halt(trouble)
        else:
            self._failed[step.name] = trouble

    def _halt(self, note: str) -> None:
        """Stop for what would keep every step from being made."""
        self._paused, self._note = True, note

    def _time(self, step: Step, process: Process) -> None:
        """Learn from a step how long others will take here."""
        took = time.monotonic() - process.began
        self._pace = min(20.0, max(0.1, 0.5 * self._pace + 0.5 * took / step.seconds))

    def _forget(self) -> None:
        """Wishes that came true are none any more, but for the list of the first hour."""
        if self._next() is None and not self._failed:
            self._wishes = [wish for wish in self._wishes if wish.what == "demo"]

    def _stop(self) -> None:
        if self._at_work is not None:
            self._at_work.stop()
        self._changed.notify_all()

    def _keep(self) -> None:
        """Keep in the lake what another app needs to go on."""
        told = {
            "wishes": [asdict(wish) for wish in self._wishes],
            "done": sorted(self._done),
            "dropped": sorted(self._dropped),
            "begun": sorted(self._begun),
            "paused": self._paused and not self._note,
            "pace": self._pace,
        }
        try:
            with said_plainly(self._lake.root):
                write_text(self._lake.root / _NOTE, json.dumps(told, indent=1))
        except KnError as e:
            self._halt(str(e))
        self._changed.notify_all()

    def _kept(self) -> State:
        """What the app before kept; a note that can't be read is none."""
        told: State = {"wishes": [], "done": [], "dropped": [], "begun": []}
        told |= {"paused": False, "pace": 1.0}
        with suppress(OSError, ValueError, TypeError, AttributeError):
            found = json.loads((self._lake.root / _NOTE).read_text(encoding="utf-8"))
            kept = {name: found.get(name, value) for name, value in told.items()}
            kept["wishes"] = [Wish(**wish) for wish in kept["wishes"]]
            words = [*kept["done"], *kept["dropped"], *kept["begun"]]
            words += [word for wish in kept["wishes"] for word in (wish.what, wish.model)]
            if all(isinstance(kept[name], type(value)) for name, value in told.items()) and all(
                isinstance(word, str) for word in words
            ):
                return kept
        return told
