"""Ad-hoc SQL of strangers, in processes that can be killed.

One call of a DuckDB function can't be interrupted, and lists and strings escape its memory limit:
`list_sum(range(2000000000))` takes a machine down whatever is set. So a server hands queries to a
few worker processes, whose memory the operating system limits, which can write no file and see no
environment, and which are killed when a query is cancelled or doesn't end in time.
"""

from __future__ import annotations

import os
import queue
import threading
from typing import Any

from kn_assets.database import query
from kn_assets.database.encoded import Encoded
from kn_assets.database.query import QueryTimeout, QueryTooBig
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.processes import Child, Stopped

GRACE_S = 1.0
"""Time a worker has to tell of a timeout itself before it is killed."""


class QueryBusy(KnError):
    """All workers are taken, and stayed so."""


class Sandbox:
    """A few workers on a lake. Use one for each server, and `close` it at the end.

    `memory_mb` is what a query may take, `wait_s` how long it may wait for a free worker. Those
    `behind` start with their first query, and leave the cores to whatever else runs.
    """

    def __init__(
        self,
        lake: Lake,
        workers: int = 2,
        memory_mb: int = 1024,
        wait_s: float = 60.0,
        behind: bool = False,
    ) -> None:
        self._wait_s = wait_s
        self._idle: queue.LifoQueue[Child] = queue.LifoQueue()
        # Nothing of the server's environment goes along: secrets may be in it.
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LC_ALL", "TZ")}
        arguments = [str(lake.root), str(memory_mb), *(["behind"] if behind else [])]
        module = "kn_assets.database.sandbox_worker"
        self._all = [Child(module, arguments, kept, folder="/") for _ in range(workers)]
        for worker in self._all:
            self._idle.put(worker)
        if not behind:
            # The one that is taken first; another starts once two queries run at a time.
            self._all[-1].start()

    def run(
        self,
        sql: str,
        form: str = "rows",
        max_rows: int = query.MAX_ROWS,
        timeout_s: float = query.TIMEOUT_S,
        max_bytes: int = query.MAX_BYTES,
        stop: threading.Event | None = None,
    ) -> Encoded:
        """As `encoded.encode`, with the same errors, and QueryBusy; safe from any thread.

        Raises Stopped once `stop` is set: the query's process is killed, and another one started.
        """
        try:
            worker = self._idle.get(timeout=self._wait_s)
        except queue.Empty as e:
            raise QueryBusy("many queries are running: try again in a moment") from e
        asked: dict[str, Any] = {
            "sql": sql,
            "form": form,
            "max_rows": max_rows,
            "timeout_s": timeout_s,
            "max_bytes": max_bytes,
        }
        try:
            return _answer(worker, asked, stop)
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End the workers."""
        for worker in self._all:
            worker.close()


def _answer(worker: Child, asked: dict[str, Any], stop: threading.Event | None) -> Encoded:
    timeout_s = asked["timeout_s"]
    try:
        head, body = worker.ask(asked, timeout_s + GRACE_S, stop=stop)
    except TimeoutError as e:
        raise QueryTimeout(query.too_slow(timeout_s)) from e
    except EOFError as e:
        raise QueryTooBig(query.TOO_BIG) from e
    except Stopped:
        worker.start()  # so that the next query doesn't wait for it
        raise
    if "error" in head:
        if head["error"] == "QueryTooBig":
            worker.end()  # what it had taken is given back
        raise _ERRORS.get(head["error"], KnError)(head["message"])
    return Encoded(body=body, **head)


_ERRORS: dict[str, type[KnError]] = {
    e.__name__: e for e in (query.QueryRefused, query.QueryFailed, QueryTimeout, QueryTooBig)
}
