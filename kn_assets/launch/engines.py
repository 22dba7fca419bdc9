"""Dagster's SQLite files, each with one engine and one connection kept while its store is open.

Dagster's storages make an engine and a connection for every question. So each statement is compiled
anew, and since no other connection is open, each that closes copies SQLite's log of changes back
into its file and waits for the disk. A run of small tables takes most of its time with that.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Engine


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Within it, Dagster's storages share what they would make for each question.

    For one at a time in a process. The files are as Dagster makes them, and whole when it is over.
    A commit doesn't wait for the disk (SQLite's `synchronous=NORMAL`): when the power fails the
    last events may be lost, but no file is damaged.
    """
    # not among the public ones
    from dagster._core.storage.event_log.sqlite import sqlite_event_log
    from dagster._core.storage.runs.sqlite import sqlite_run_storage
    from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage

    modules: tuple[Any, ...] = (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage)
    before = [module.create_engine for module in modules]
    keeper = _Keeper(before[0])
    try:
        for module in modules:
            module.create_engine = keeper.engine
        yield
    finally:
        for module, create in zip(modules, before, strict=True):
            module.create_engine = create
        keeper.close()


class _Keeper:
    def __init__(self, create: Callable[..., Engine]) -> None:
        self._create = create
        self._engines: dict[str, Engine] = {}
        self._open: dict[str, sqlite3.Connection] = {}

    def engine(self, address: str, **how: Any) -> Engine:
        from sqlalchemy import event

        if address not in self._engines:
            self._engines[address] = engine = self._create(address, **how)
            event.listen(engine, "connect", self._connected)
        return self._engines[address]

    def _connected(self, connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA synchronous=NORMAL")
        ((_, _, path),) = connection.execute("PRAGMA database_list")
        if path not in self._open:
            self._open[path] = sqlite3.connect(path, timeout=0, check_same_thread=False)
        # Only one that has read takes part in the log, which a new file has from its second use on.
        # Another process may hold the file for itself: then this one isn't kept open, no more.
        with contextlib.suppress(sqlite3.OperationalError):
            self._open[path].execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()
