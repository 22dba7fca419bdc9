"""The asking side: a process that answers one question at a time, with its connection."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress

from kn_assets.errors import KnError
from kn_assets.processes.messages import Head, Stopped, Tell
from kn_assets.processes.running import Running


class Child:
    """A process that answers one question at a time, started again where it has ended.

    `module` is run with the Connection's number and `arguments`, in no other environment than
    `environment`. `patience_s` is how long it may take to stop a cancelled question by itself
    before it is killed. `close` it at the end.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        patience_s: float = 0.0,
        folder: str | None = None,
    ) -> None:
        self._command = (module, arguments, environment, folder)
        self._patience_s = patience_s
        self._running: Running | None = None
        self._closed = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the process ahead of a question, unless it runs."""
        with self._lock:
            self._started()

    def ask(
        self,
        question: Head,
        timeout_s: float,
        tell: Tell | None = None,
        stop: threading.Event | None = None,
        prepare_s: float = 0.0,
    ) -> tuple[Head, bytes]:
        """Answer a question: its head, where `error` and `message` tell of a failure, and its body.

        `timeout_s` counts from when the process says that it is prepared, for which it may take
        `prepare_s`. Raises TimeoutError after it, Stopped once `stop` is set, EOFError where the
        process ended; it is gone then. KnError where it doesn't start.
        """
        with self._lock:
            running = self._asked(json.dumps(question).encode())
            try:
                with running.within(prepare_s + timeout_s) as count:
                    return running.answer(
                        tell,
                        stop or threading.Event(),
                        self._patience_s,
                        lambda: count(timeout_s),
                    )
            except (EOFError, TimeoutError):
                self._end()
                raise
            except Stopped:
                if running.process.poll() is not None:
                    self._end()
                raise

    def end(self) -> None:
        """End the process once no question is under way; the next one starts another."""
        with self._lock:
            self._end()

    def close(self) -> None:
        """End the process for good, and with it a question under way."""
        self._closed = True
        running = self._running
        if running is not None:
            running.process.kill()
        self.end()

    def _started(self) -> Running:
        if self._closed:
            raise KnError("the app is closing")
        if self._running is None:
            self._running = Running(*self._command)
        return self._running

    def _asked(self, question: bytes) -> Running:
        """The process, once it was sent the question: another where it has ended meanwhile."""
        for _ in range(2):
            running = self._started()
            with suppress(EOFError):
                running.receive()  # READY
                running.send(question)
                if running.process.poll() is None:
                    return running
            self._end()
        raise KnError("a process that does the work doesn't start: see the messages above")

    def _end(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.process.kill()
            running.process.wait()
            running.connection.close()
