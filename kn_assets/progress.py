"""Progress of long work: a bar in the terminal, a line now and then in a log.

Library functions take a `Progress` and call `bar(...)`; who calls them decides where it shows.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from tqdm import tqdm


class Bar(Protocol):
    """A piece of work under way."""

    def advance(self, n: int = 1) -> None:
        """Note that `n` more units are done."""
        ...

    def note(self, text: str) -> None:
        """Show a few words behind the bar."""
        ...


class Progress:
    """Shows nothing: what tests and quiet callers use; the base of the two that show something."""

    @contextmanager
    def bar(self, title: str, total: int, unit: str = "it", done: int = 0) -> Iterator[Bar]:
        """Open a bar of `total` units of which `done` were done by an earlier run."""
        yield _Silent()

    def say(self, text: str) -> None:
        """Show a line."""

    def prepared(self) -> None:
        """Note that the work proper begins: who limits its time counts from now."""


class _Silent:
    def advance(self, n: int = 1) -> None:
        pass

    def note(self, text: str) -> None:
        pass


class TerminalProgress(Progress):
    """A tqdm bar on stderr with rate and time left; a line every 10 s where that is no terminal."""

    @contextmanager
    def bar(self, title: str, total: int, unit: str = "it", done: int = 0) -> Iterator[Bar]:
        if not sys.stderr.isatty():
            with LogProgress(self.say).bar(title, total, unit, done) as bar:
                yield bar
            return
        with tqdm(
            desc=title, total=total, initial=done, unit=f" {unit}", dynamic_ncols=True
        ) as shown:
            yield _Tqdm(shown)

    def say(self, text: str) -> None:
        tqdm.write(text, file=sys.stderr)


class _Tqdm:
    def __init__(self, shown: tqdm) -> None:
        self.shown = shown

    def advance(self, n: int = 1) -> None:
        self.shown.update(n)

    def note(self, text: str) -> None:
        self.shown.set_postfix_str(text)


class LogProgress(Progress):
    """Lines such as `lens: 512/1000 prompts, 40.1/s, 12 s left` through `say`, now and then."""

    def __init__(self, say: Callable[[str], None], every_s: float = 10.0) -> None:
        self._say = say
        self._every_s = every_s

    @contextmanager
    def bar(self, title: str, total: int, unit: str = "it", done: int = 0) -> Iterator[Bar]:
        line = _Line(self._say, self._every_s, title, total, unit, done)
        yield line
        line.close()

    def say(self, text: str) -> None:
        self._say(text)


@dataclass(frozen=True)
class Told:
    """What a line of `LogProgress` says of work under way. `left_s`: None where it isn't known."""

    title: str
    done: int
    total: int
    left_s: float | None

    @staticmethod
    def of(line: str) -> Told | None:
        """None where the line says something else, as `say` does."""
        found = _LINE.match(line)
        if found is None:
            return None
        left = found["left"]
        over = found["over"] is not None
        seconds = 0.0 if over else float(left) if left else None
        return Told(found["title"], int(found["done"]), int(found["total"]), seconds)


_LINE = re.compile(
    r"(?P<title>.+): (?P<done>\d+)/(?P<total>\d+) \S+"
    r"(?:(?P<over> in [\d.]+ s)$|, [\d.]+/s, (?:(?P<left>\d+) s left|time left unknown))"
)


class _Line:
    def __init__(
        self,
        say: Callable[[str], None],
        every_s: float,
        title: str,
        total: int,
        unit: str,
        done: int,
    ) -> None:
        self.say, self.every_s = say, every_s
        self.title, self.total, self.unit = title, total, unit
        self.first = self.done = done
        self.words = ""
        self.started = self.last = time.monotonic()

    def advance(self, n: int = 1) -> None:
        self.done += n
        if time.monotonic() - self.last >= self.every_s:
            self.last = time.monotonic()
            rate = (self.done - self.first) / (self.last - self.started)
            left = f"{(self.total - self.done) / rate:.0f} s left" if rate else "time left unknown"
            words = f", {self.words}" if self.words else ""
            self.say(
                f"{self.title}: {self.done}/{self.total} {self.unit}, {rate:.1f}/s, {left}{words}"
            )

    def note(self, text: str) -> None:
        self.words = text

    def close(self) -> None:
        took = time.monotonic() - self.started
        self.say(f"{self.title}: {self.done}/{self.total} {self.unit} in {took:.1f} s")


class BothProgress(Progress):
    """Shows in two places at once: the terminal and a run's log."""

    def __init__(self, first: Progress, second: Progress) -> None:
        self._each = (first, second)

    @contextmanager
    def bar(self, title: str, total: int, unit: str = "it", done: int = 0) -> Iterator[Bar]:
        first, second = self._each
        with first.bar(title, total, unit, done) as a, second.bar(title, total, unit, done) as b:
            yield _Both(a, b)

    def say(self, text: str) -> None:
        for one in self._each:
            one.say(text)


class _Both:
    def __init__(self, *bars: Bar) -> None:
        self.bars = bars

    def advance(self, n: int = 1) -> None:
        for bar in self.bars:
            bar.advance(n)

    def note(self, text: str) -> None:
        for bar in self.bars:
            bar.note(text)
