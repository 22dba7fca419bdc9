"""Ctrl+C and SIGTERM: one line on stderr, and the exit code that says which it was.

While a command is being loaded nothing is held, so the process ends on the spot. Once it runs, a
KeyboardInterrupt lets go of what it holds; a second signal ends it on the spot. Libraries put
handlers of their own in place (Dagster within a step), so which signal came is told by the file
that Python writes its number to, whoever handles it.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn, Self

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
PATIENCE_S = 2.0
"""How long a command that only reads may go on, as where a library drops the interrupt: DuckDB does
within a query."""
_WORDS = "kn: stopped; run the same command to go on"


def at_once() -> None:
    """From now on end where a signal comes. A signal that is ignored, as by `nohup`, stays so."""
    for number in CODES:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _leave)


def end(code: int) -> NoReturn:
    """End the process with the code of a stopped command: no thread is waited for."""
    at_once()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def say() -> None:
    """Tell that the command was stopped."""
    with suppress(OSError):
        os.write(2, f"\n{_WORDS}\n".encode() if os.isatty(2) else f"{_WORDS}\n".encode())


def _leave(number: int, _frame: FrameType | None = None) -> NoReturn:
    say()
    os._exit(CODES[signal.Signals(number)])


class Stopping:
    """While it is held in the main thread, both signals interrupt the command as Ctrl+C does.

    reads_only: a command that leaves nothing half done is ended after `PATIENCE_S`. `code` is the
    exit code after a KeyboardInterrupt. In another thread it does nothing.
    """

    def __init__(self, reads_only: bool) -> None:
        self._reads_only = reads_only
        self._number = signal.SIGINT
        self._interrupted = False
        self._heard, self._over = threading.Event(), threading.Event()
        self._before: dict[signal.Signals, Any] = {}

    @property
    def code(self) -> int:
        """The exit code that says which signal came."""
        self._heard.wait(0.5)  # the thread below may not have read it yet
        return CODES[self._number]

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        told, self._telling = os.pipe()
        os.set_blocking(self._telling, False)
        for number in CODES:
            if (before := signal.getsignal(number)) != signal.SIG_IGN:
                self._before[number] = before
                signal.signal(number, self._interrupt)
        self._other = signal.set_wakeup_fd(self._telling, warn_on_full_buffer=False)
        threading.Thread(target=self._listen, args=(told,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        self._over.set()
        signal.set_wakeup_fd(self._other)
        for number, before in self._before.items():
            signal.signal(number, before)
        os.close(self._telling)

    def _interrupt(self, number: int, _frame: FrameType | None) -> None:
        if self._interrupted:
            _leave(number)
        self._interrupted = True
        raise KeyboardInterrupt

    def _listen(self, told: int) -> None:
        with os.fdopen(told, "rb", buffering=0) as file:
            while number := file.read(1):
                if number[0] not in CODES:
                    continue
                self._number = signal.Signals(number[0])
                self._heard.set()
                if self._reads_only and not self._over.wait(PATIENCE_S):
                    _leave(number[0])
