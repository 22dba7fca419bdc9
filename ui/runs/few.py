"""A question that costs much: a few at a time, a few that wait, and the others are told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kn_assets.errors import KnError


class Few:
    """Lets `at_once` in, and as many as `waiting` wait: those hold a thread of the server each."""

    def __init__(self, noun: str, at_once: int, waiting: int) -> None:
        self._noun = noun
        self._inside = threading.BoundedSemaphore(at_once)
        self._places = threading.BoundedSemaphore(at_once + waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn. Raises KnError where too many wait already."""
        if not self._places.acquire(blocking=False):
            raise KnError(f"many {self._noun} are being worked out: try again in a moment")
        try:
            with self._inside:
                yield
        finally:
            self._places.release()
