"""What an app makes in the background, and what came of it: kept in the lake, so that an app that
was killed goes on where it stopped.

Whether a step is done is told by its tables, and by its command having ended well. Not safe to use
from several threads: the queue that holds it sees to that.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from kn_assets.errors import KnError
from kn_assets.lake import Lake, said_plainly, write_text
from kn_assets.lake.json_text import parsed
from kn_assets.launch.background import wishes
from kn_assets.launch.background.process import Process
from kn_assets.launch.background.step import Step
from kn_assets.launch.background.wishes import Wish

_NOTE = ".making.json"

State = dict[str, Any]


class Ledger:
    """The wishes of a lake's app, the steps that they take, and how each of them ended."""

    def __init__(self, lake: Lake, asked: Sequence[Wish]) -> None:
        """`asked`: wishes that come before those kept."""
        self._lake = lake
        kept = _kept(lake)
        given = {(wish.what, wish.model) for wish in asked}
        older = [w for w in kept["wishes"] if (w.what, w.model) not in given]
        self.wishes = [*asked, *older]
        self.was_paused = bool(kept["paused"])
        self.pace: float = kept["pace"]  # seconds here for one that a step is said to take
        self.steps: list[Step] = []
        self.failed: dict[str, str] = {}
        self._done: set[str] = set(kept["done"])  # by the command: with other options it's another
        self._dropped: set[str] = set(kept["dropped"])
        self._begun: set[str] = set(kept["begun"])  # not ended well yet: the next time is a rest
        self.refresh()

    def refresh(self) -> None:
        """The steps of all wishes, each once, without those that were left out."""
        found: dict[str, Step] = {}
        for wish in list(self.wishes):
            try:
                made = wishes.steps(self._lake, wish)
            except KnError as e:
                if wish.model not in {p.key for p in self._lake.partitions("model")}:
                    self.wishes.remove(wish)  # its atlas is gone, and the wish with it
                    continue
                title = f"{wish.what} of {wish.model}"
                made = [Step(title, title, (), 1.0, lambda _: False, wish.what, wish.model)]
                self.failed[title] = str(e)
            for step in made:
                if step.name not in self._dropped:
                    found.setdefault(step.name, step)
        self.steps = list(found.values())
        self.failed = {name: self.failed[name] for name in found if name in self.failed}
        made = [step for step in self.steps if step.made(self._lake)]
        self._done &= {step.words for step in made}
        self._done |= {step.words for step in made if step.is_told}

    def wish(self, wish: Wish) -> None:
        """Put a wish first, unless it is listed. Raises KnError where it can't be made."""
        made = wishes.steps(self._lake, wish)
        self.refresh()  # without the steps of wishes that came true
        names = {step.name for step in made}
        self._dropped -= names
        self._done -= {s.words for s in made if not s.made(self._lake)}
        for name in names:
            self.failed.pop(name, None)
        if not names <= {step.name for step in self.steps}:
            self.wishes.insert(0, wish)
        self.refresh()

    def drop(self, name: str) -> set[str]:
        """Leave out a step, and those that need it: the names of all."""
        gone = {name}
        for step in self.steps:  # in an order in which none comes before what it needs
            if set(step.needs) & gone:
                gone.add(step.name)
        self._dropped |= gone
        self.refresh()
        return gone

    def next(self) -> Step | None:
        """The first step that isn't over, and doesn't need one that failed."""
        lost = set(self.failed)
        for step in self.steps:
            if set(step.needs) & lost:
                lost.add(step.name)
            elif step.words not in self._done and step.name not in lost:
                return step
        return None

    def begin(self, step: Step) -> bool:
        """Whether it will make all of its tables, none of which an earlier run of it has left."""
        is_whole = step.name not in self._begun and not step.made(self._lake)
        self._begun.add(step.name)
        return is_whole

    def end(self, step: Step, took_s: float | None) -> None:
        """It ended well. took_s: where its time tells how long others will take here."""
        self._done.add(step.words)
        self._begun.discard(step.name)
        if took_s is not None:
            self.pace = min(20.0, max(0.1, 0.5 * self.pace + 0.5 * took_s / step.seconds))
        if self.next() is None and not self.failed:
            # Wishes that came true are none any more, but for the list of the first hour.
            self.wishes = [wish for wish in self.wishes if wish.what == "demo"]

    def rows(self, at_work: Process | None) -> list[State]:
        """What the page shows of each step: see `Queue.state`."""
        rows = [self._told(step, at_work) for step in self.steps]
        lost = {row["name"]: row["title"] for row in rows if row["state"] == "failed"}
        for row, step in zip(rows, self.steps, strict=True):
            if row["state"] == "waiting" and (first := set(step.needs) & lost.keys()):
                row |= {"state": "failed", "trouble": f"it needs {lost[first.pop()]}"}
                lost[step.name] = step.title
        return rows

    def _told(self, step: Step, at_work: Process | None) -> State:
        row: State = {
            "name": step.name,
            "title": step.title,
            "what": step.what,
            "model": step.model,
            "trains": step.trains,
            "state": "waiting",
            "left_s": step.seconds * self.pace,
        }
        if at_work is not None and at_work.step.name == step.name:
            left = at_work.left_s(row["left_s"])
            return row | {"state": "running", "left_s": left, "words": at_work.words}
        if step.name in self.failed:
            return row | {"state": "failed", "trouble": self.failed[step.name]}
        if step.words in self._done:
            return row | {"state": "done", "left_s": 0.0}
        return row

    def keep(self, is_paused: bool) -> None:
        """Keep in the lake what another app needs to go on. Raises KnError where it can't."""
        told = {
            "wishes": [asdict(wish) for wish in self.wishes],
            "done": sorted(self._done),
            "dropped": sorted(self._dropped),
            "begun": sorted(self._begun),
            "paused": is_paused,
            "pace": self.pace,
        }
        with said_plainly(self._lake.root):
            write_text(self._lake.root / _NOTE, json.dumps(told, indent=1))


def _kept(lake: Lake) -> State:
    """What the app before kept; a note that can't be read is none."""
    told: State = {"wishes": [], "done": [], "dropped": [], "begun": []}
    told |= {"paused": False, "pace": 1.0}
    with suppress(OSError, ValueError, TypeError, AttributeError):
        found = parsed((lake.root / _NOTE).read_text(encoding="utf-8"))
        kept = {name: found.get(name, value) for name, value in told.items()}
        kept["wishes"] = [Wish(**wish) for wish in kept["wishes"]]
        words = [*kept["done"], *kept["dropped"], *kept["begun"]]
        words += [word for wish in kept["wishes"] for word in (wish.what, wish.model)]
        if all(isinstance(kept[name], type(value)) for name, value in told.items()) and all(
            isinstance(word, str) for word in words
        ):
            return kept
    return told
