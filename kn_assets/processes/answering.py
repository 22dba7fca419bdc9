"""The answering side: questions one after the other, each with its progress, until nobody asks."""

from __future__ import annotations

import json
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection

from kn_assets.errors import KnError
from kn_assets.processes.messages import READY, UNFORESEEN, Head, Stopped
from kn_assets.progress import Bar, Progress

_LOOK_S = 1.0  # between two looks whether the one who asks still lives

Answer = Callable[[Head, Progress], tuple[Head, bytes]]


def serve(number: str, answer: Answer, idle_s: float | None = None) -> None:
    """Answer questions on the Connection of that number until the one who asks has gone.

    Also ends once nobody has asked for `idle_s`. A KnError of `answer` is sent under its class. Of
    any other error what Python says is for the log: the one who asks hears that it's a fault here.
    Where the asking process is killed this one ends with it, whatever it computes.
    """
    threading.Thread(target=_end_alone, args=(os.getppid(),), daemon=True).start()
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


def _end_alone(parent: int) -> None:
    """End this process once another one than `parent` is its parent."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(1)


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

    def prepared(self) -> None:
        self._connection.send_bytes(b'{"prepared": true}')

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
