"""One process while it runs: started, asked over its connection, stopped in time or killed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from pathlib import Path

from kn_assets.processes.messages import Head, Stopped, Tell

_LOOK_S = 0.05  # between two looks whether the work was cancelled


class Running:
    """A started process and the Connection to it."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: str | None,
    ) -> None:
        self.connection, theirs = Pipe()
        path = [str(Path(__file__).parents[2]), environment.get("PYTHONPATH", "")]
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, str(theirs.fileno()), *arguments],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=2,  # what a library prints isn't the server's output
                env={**environment, "PYTHONPATH": ":".join(filter(None, path))},
                cwd=folder,
            )

    def send(self, body: bytes) -> None:
        """Raises EOFError where the process has ended."""
        try:
            self.connection.send_bytes(body)
        except OSError as e:
            raise EOFError from e

    def receive(self) -> bytes:
        """The next message. Raises EOFError where the process has ended."""
        try:
            return self.connection.recv_bytes()
        except OSError as e:
            raise EOFError from e

    @contextmanager
    def within(self, seconds: float) -> Iterator[Callable[[float], None]]:
        """Kill the process after so many seconds, whatever it does; TimeoutError then. Gives a
        function that counts them anew.
        """
        late = threading.Event()
        timers: list[threading.Timer] = []

        def count(seconds: float) -> None:
            for timer in timers:
                timer.cancel()
            timers[:] = [threading.Timer(seconds, kill)]
            timers[0].start()

        def kill() -> None:
            late.set()
            self.process.kill()

        count(seconds)
        try:
            yield count
        except EOFError as e:
            if late.is_set():
                raise TimeoutError from e
            raise
        finally:
            timers[0].cancel()

    def answer(
        self,
        tell: Tell | None,
        stop: threading.Event,
        patience_s: float,
        prepared: Callable[[], None],
    ) -> tuple[Head, bytes]:
        """What comes of the question that was sent, its progress told meanwhile, and when all is
        `prepared` for it.
        """
        killer: threading.Timer | None = None
        try:
            while True:
                if stop.is_set() and killer is None:
                    killer = self._stop(patience_s)
                if not self.connection.poll(_LOOK_S):
                    continue
                head = json.loads(self.receive())
                if "stopped" in head:
                    raise Stopped
                if "prepared" in head:
                    prepared()
                    continue
                if "words" not in head:
                    return head, self.receive()
                if tell is not None:
                    tell(head["words"], head["done"], head["of"])
        except EOFError as e:
            if killer is not None:
                self.process.wait()
                raise Stopped from e
            raise
        finally:
            if killer is not None:
                killer.cancel()

    def _stop(self, patience_s: float) -> threading.Timer:
        """Tell the process to stop, and kill it unless it soon does."""
        if patience_s:
            with suppress(EOFError):  # it has ended, as it should
                self.send(b'{"stop": true}')
        killer = threading.Timer(patience_s, self.process.kill)
        killer.start()
        return killer
