"""Ad-hoc SQL of strangers, in processes that can be killed.

One call of a DuckDB function can't be interrupted, and lists and strings escape its memory limit:
`list_sum(range(2000000000))` takes a machine down whatever is set. So a server hands queries to a
few worker processes, whose memory the operating system limits, which can write no file and see no
environment, and which are killed when a query doesn't end in time.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kn_assets.database import query
from kn_assets.database.query import QueryResult, QueryTimeout, QueryTooBig
from kn_assets.errors import KnError
from kn_assets.lake import Lake

if TYPE_CHECKING:
    import pyarrow as pa

READY = b"r"
GRACE_S = 1.0
"""Time a worker has to tell of a timeout itself before it is killed."""


class QueryBusy(KnError):
    """All workers are taken, and stayed so."""


class Sandbox:
    """A few workers on a lake. Use one for each server, and `close` it at the end.

    `memory_mb` is what a query may take, `wait_s` how long it may wait for a free worker.
    """

    def __init__(
        self, lake: Lake, workers: int = 2, memory_mb: int = 1024, wait_s: float = 60.0
    ) -> None:
        self._wait_s = wait_s
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._all = [_Worker(lake.root, memory_mb) for _ in range(workers)]
        for worker in self._all:
            self._idle.put(worker)

    def run(
        self,
        sql: str,
        max_rows: int = query.MAX_ROWS,
        timeout_s: float = query.TIMEOUT_S,
        max_bytes: int = query.MAX_BYTES,
    ) -> QueryResult:
        """As `query.run`, with the same errors, and QueryBusy; safe from any thread."""
        try:
            worker = self._idle.get(timeout=self._wait_s)
        except queue.Empty as e:
            raise QueryBusy("many queries are running: try again in a moment") from e
        try:
            return worker.run(sql, max_rows, timeout_s, max_bytes)
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End the workers."""
        for worker in self._all:
            worker.stop()


class _Worker:
    """One process; a query that dies or is killed takes it along, and the next starts another."""

    def __init__(self, root: Path, memory_mb: int) -> None:
        self._root, self._memory_mb = root, memory_mb
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        # Nothing of the server's environment goes along: secrets may be in it.
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LC_ALL", "TZ")}
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "kn_assets.database.sandbox_worker",
                str(self._root),
                str(self._memory_mb),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**kept, "PYTHONPATH": str(Path(__file__).parents[2])},
            cwd="/",
        )

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):  # a question it did not live to read
                pipe.close()

    def run(self, sql: str, max_rows: int, timeout_s: float, max_bytes: int) -> QueryResult:
        asked = {"sql": sql, "max_rows": max_rows, "timeout_s": timeout_s, "max_bytes": max_bytes}
        process = self._ready()
        assert process.stdin is not None and process.stdout is not None
        killed = threading.Event()

        def kill() -> None:
            killed.set()
            process.kill()

        timer = threading.Timer(timeout_s + GRACE_S, kill)
        timer.start()
        try:
            send(process.stdin, json.dumps(asked).encode())
            head = json.loads(receive(process.stdout))
            body = receive(process.stdout) if "columns" in head else b""
        except (EOFError, BrokenPipeError) as e:
            self.stop()
            if killed.is_set():
                raise QueryTimeout(query.too_slow(timeout_s)) from e
            raise QueryTooBig(query.TOO_BIG) from e
        finally:
            timer.cancel()
        if "error" in head:
            if head["error"] == "QueryTooBig":
                self.stop()  # what it had taken is given back
            raise _ERRORS.get(head["error"], KnError)(head["message"])
        return QueryResult(table=_table(body), **head)

    def _ready(self) -> subprocess.Popen[bytes]:
        """The process, once it takes a query: it says so by one byte. Another where it has died."""
        for _ in range(2):
            assert self._process.stdout is not None
            if self._process.poll() is None and self._process.stdout.read(1) == READY:
                return self._process
            self.stop()
            self._process = self._start()
        raise KnError("the SQL process does not start: see the messages above")


_ERRORS: dict[str, type[KnError]] = {
    e.__name__: e for e in (query.QueryRefused, query.QueryFailed, QueryTimeout, QueryTooBig)
}


def _table(body: bytes) -> pa.Table:
    import pyarrow as pa

    with pa.ipc.open_stream(body) as reader:
        return reader.read_all()


def send(stream: IO[bytes], body: bytes) -> None:
    """Write a length and that many bytes."""
    stream.write(len(body).to_bytes(8, "little") + body)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """Read what `send` wrote. Raises EOFError where the other side has gone."""
    size = stream.read(8)
    if len(size) < 8:
        raise EOFError
    body = stream.read(int.from_bytes(size, "little"))
    if len(body) < int.from_bytes(size, "little"):
        raise EOFError
    return body
