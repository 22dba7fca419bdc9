"""A process stands still while somebody uses the app, and goes on as soon as they look.

At the lowest priority it still shares caches and the units of a core with the page and the server,
which makes both slower by a fifth or more where there are two cores.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

STILL_S = 0.7
"""After the last question: the page draws its answer meanwhile."""
MOST_S = 5.0
"""At a time, whatever is asked: a program that asks without an end stops nothing."""
BETWEEN_S = 1.0

# Elsewhere nothing wakes a process that stands still when the app is killed.
IS_KNOWN = sys.platform == "linux"


class Aside:
    """Lets a process stand still and go on; safe to use from many threads.

    The process must have called `woken_by_the_end` of its parent, or it may stand for ever.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._lock = threading.Lock()
        self._until = self._not_before = 0.0
        self._stands = self._is_over = False

    def stand(self) -> None:
        """Stand still for STILL_S from now on, at most MOST_S in a row."""
        now = time.monotonic()
        with self._lock:
            self._until = now + STILL_S
            if self._is_over or self._stands or now < self._not_before or not IS_KNOWN:
                return
            self._stands = True
            self._process.send_signal(signal.SIGSTOP)
        threading.Thread(target=self._go_on, args=(now + MOST_S,), daemon=True).start()

    def stop(self, number: signal.Signals) -> None:
        """Send a last signal, which one that stands still hears too."""
        with self._lock:
            self._is_over = True
            self._process.send_signal(number)
            if self._stands:
                self._process.send_signal(signal.SIGCONT)

    def _go_on(self, latest: float) -> None:
        while (left := min(self._until, latest) - time.monotonic()) > 0:
            time.sleep(left)
        with self._lock:
            self._stands = False
            self._not_before = time.monotonic() + BETWEEN_S
            if not self._is_over:
                self._process.send_signal(signal.SIGCONT)


def woken_by_the_end() -> None:
    """Called in the process: it goes on once its parent ends, in whatever way."""
    if IS_KNOWN:
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGCONT, 0, 0, 0)  # PR_SET_PDEATHSIG
