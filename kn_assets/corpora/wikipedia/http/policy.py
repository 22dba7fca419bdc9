"""Politeness without the network: who we are, how fast we may be, how long we were told to wait."""

from __future__ import annotations

import importlib.metadata
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from kn_assets.errors import KnError

AGENT = "knowledge-neurons-explorer"
_CONTACT = re.compile(r"\S+@\S+\.\S+|https?://\S+\.\S+|[Uu]ser:\S+")


class Pace:
    """One rate for all threads: a request may start 1/rate seconds after the last one started.

    A 429 halves the rate, at most to a sixteenth, and lowers for good what it may climb back to,
    nine tenths of the first rate. Every good answer lets it climb by a fiftieth. Thread-safe.
    """

    def __init__(
        self,
        rate: float,
        stopped: threading.Event,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._stopped = stopped
        self._clock, self._sleep = clock, sleep or stopped.wait
        self._most = self._ceiling = self.rate = rate
        self._next = 0.0

    def turn(self) -> bool:
        """Wait for one's turn; False where the client was stopped meanwhile."""
        while not self._stopped.is_set():
            with self._lock:
                now = self._clock()
                left = self._next - now
                if left <= 0:
                    self._next = now + 1 / self.rate
                    return True
            self._sleep(left)
        return False

    def pause(self, seconds: float) -> None:
        """Let nobody start for some seconds."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)

    def slow_down(self) -> None:
        with self._lock:
            self._ceiling = 0.9 * self._most
            self.rate = max(self.rate / 2, self._most / 16)
            self._next = max(self._next, self._clock() + 1 / self.rate)

    def went_well(self) -> None:
        with self._lock:
            self.rate = min(self._ceiling, self.rate + self._most / 50)


def user_agent(contact: str | None) -> str:
    """The User-Agent with the operator's contact. Raises KnError where there is none."""
    if not contact or not _CONTACT.search(contact) or not contact.isprintable():
        reason = f"{contact!r} is no contact" if contact else "no contact is set"
        raise KnError(
            f"{reason}, and Wikipedia requires one in the User-Agent: set KN_CONTACT or "
            "--contact to your e-mail or web address"
        )
    try:
        version = importlib.metadata.version(AGENT)
    except importlib.metadata.PackageNotFoundError:
        version = "0"
    contact = contact.encode("ascii", "ignore").decode()
    return f"{AGENT}/{version} ({contact})"


def retry_after(value: str) -> float | None:
    """Seconds a Retry-After header asks to wait, given as seconds or as a date; None if empty."""
    value = value.strip()
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
