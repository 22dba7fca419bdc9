"""Processes of their own for work that may run too long, take too much memory or be cancelled.

`Child` is the asking side, `serve` the answering one. Both only send bytes, framed by
`multiprocessing`'s Connection: a question is JSON, an answer JSON with a body of bytes. Nothing is
pickled, so what a child says can't run anything in the process that asks.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from kn_assets.errors import KnError
from kn_assets.progress import Bar, Progress

LOOK_S = 0.05  # between two looks whether the work was cancelled
READY = b"ready"
UNFORESEEN = "this failed in a way not foreseen, by a fault of this program: its log tells more"

Head = dict[str, Any]
Tell = Callable[[str, int, int], None]
"""Told of words such as `layers`, how many are done, and of how many (0: not known)."""
Answer = Callable[[Head, Progress], tuple[Head, bytes]]


class Stopped(Exception):
    """The work was cancelled before it was done."""


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
        self._running: _Running | None = None
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
    ) -> tuple[Head, bytes]:
        """Answer a question: its head, where `error` and `message` tell of a failure, and its body.

        Raises TimeoutError after `timeout_s`, Stopped once `stop` is set, EOFError where the
        process ended; it is gone then. KnError where it doesn't start.
        """
        with self._lock:
            running = self._asked(json.dumps(question).encode())
            try:
                with running.within(timeout_s):
                    return running.answer(tell, stop or threading.Event(), self._patience_s)
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

    def _started(self) -> _Running:
        if self._closed:
            raise KnError("the app is closing")
        if self._running is None:
            self._running = _Running(*self._command)
        return self._running

    def _asked(self, question: bytes) -> _Running:
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


class _Running:
    """A started process and the Connection to it."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: str | None,
    ) -> None:
        self.connection, theirs = Pipe()
        path = [str(Path(__file__).parents[1]), environment.get("PYTHONPATH", "")]
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
    def within(self, seconds: float) -> Iterator[None]:
        """Kill the process after so many seconds, whatever it does; TimeoutError then."""
        late = threading.Event()

        def kill() -> None:
            late.set()
            self.process.kill()

        timer = threading.Timer(seconds, kill)
        timer.start()
        try:
            yield
        except EOFError as e:
            if late.is_set():
                raise TimeoutError from e
            raise
        finally:
            timer.cancel()

    def answer(
        self, tell: Tell | None, stop: threading.Event, patience_s: float
    ) -> tuple[Head, bytes]:
        """What comes of the question that was sent, its progress told meanwhile."""
        killer: threading.Timer | None = None
        try:
            while True:
                if stop.is_set() and killer is None:
                    killer = self._stop(patience_s)
                if not self.connection.poll(LOOK_S):
                    continue
                head = json.loads(self.receive())
                if "stopped" in head:
                    raise Stopped
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


# -- the other side --------------------------------------------------------------------------------


def serve(number: str, answer: Answer, idle_s: float | None = None) -> None:
    """Answer questions on the Connection of that number until the one who asks has gone.

    Also ends once nobody has asked for `idle_s`. A KnError of `answer` is sent under its class. Of
    any other error what Python says is for the log: the one who asks hears that it's a fault here.
    """
    with Connection(int(number)) as connection, suppress(EOFError, ConnectionError):
        while (question := _next(connection, idle_s)) is not None:
            try:
                head, body = answer(question, _Reported(connection))
            except Stopped:
                connection.send_bytes(b'{"stopped": true}')
                continue
            except KnError as e:
                head, body = {"error": type(e).__name__, "message": str(e)}, b""
            except (EOFError, ConnectionError):
                raise
            except Exception as e:
                if _is_want_of_memory(e):
                    raise  # what it holds is given back by its end alone
                traceback.print_exc()
                head, body = {"error": "Unforeseen", "message": UNFORESEEN}, b""
            connection.send_bytes(json.dumps(head).encode())
            connection.send_bytes(body)


def _is_want_of_memory(error: Exception) -> bool:
    """Python's error, or one of torch's: those of a processor's memory have no class."""
    told = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in told or "allocate memory" in told


def _next(connection: Connection, idle_s: float | None) -> Head | None:
    connection.send_bytes(READY)
    while connection.poll(idle_s):
        question: Head = json.loads(connection.recv_bytes())
        if "stop" not in question:  # else it came after its question was answered
            return question
    return None


class _Reported(Progress):
    """Progress that is sent to the one who asked, who may answer that the work must stop."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def bar(self, title: str, total: int, unit: str = "it", done: int = 0) -> Iterator[Bar]:
        yield _Steps(self, unit, total)

    def say(self, text: str) -> None:
        self.report(text, 0, 0)

    def report(self, words: str, done: int, of: int) -> None:
        """Send how far the work is. Raises Stopped where it was cancelled."""
        head = {"words": words, "done": done, "of": of}
        self._connection.send_bytes(json.dumps(head).encode())
        if self._connection.poll():
            self._connection.recv_bytes()  # while a question is worked on, only its stop comes
            raise Stopped


class _Steps:
    def __init__(self, progress: _Reported, unit: str, total: int) -> None:
        self._progress, self._unit, self._total, self._done = progress, unit, total, 0

    def advance(self, n: int = 1) -> None:
        self._done += n
        self._progress.report(self._unit, self._done, self._total)

    def note(self, text: str) -> None:
        pass
