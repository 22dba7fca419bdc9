"""Dagster's store, with what it does anew at each event kept for the process's life.

For each event Dagster makes a database engine, which has to compile each SQL statement again, and
opens and closes the file several times; for each run it reads a hundred migration scripts.
Importing this module keeps all of it, the files open until the instance is closed. What is in them
is as ever, but nothing waits for the disk: no test cuts the power.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy
from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster import DagsterInstance
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from sqlalchemy.pool import NullPool, QueuePool


class _Kept(QueuePool):  # type: ignore[misc]
    """Connections of a file, kept though Dagster disposes of its engine after each use."""

    def dispose(self) -> None:
        pass

    def recreate(self) -> _Kept:
        return self

    def close(self) -> None:
        """Close those that nobody uses now."""
        super().dispose()


_engines: dict[str, sqlalchemy.Engine] = {}
"""By address."""
_files: dict[str, int | None] = {}
"""The file that was there when an engine was asked for last: where it is another, or gone, no
connection of before is used again."""


def _engine(address: str, *, poolclass: type[NullPool], **given: Any) -> sqlalchemy.Engine:
    if address not in _engines:
        args = {**given.pop("connect_args", {}), "check_same_thread": False}
        engine = sqlalchemy.create_engine(
            address, poolclass=_Kept, pool_size=0, connect_args=args, **given
        )
        sqlalchemy.event.listen(engine, "connect", _without_waiting)
        _engines[address] = engine
    engine = _engines[address]
    found = _file(str(engine.url.database))
    if found is None or found != _files.get(address):
        engine.pool.close()  # type: ignore[attr-defined]
    _files[address] = found
    return engine


def _file(place: str) -> int | None:
    with suppress(FileNotFoundError):
        return Path(place).stat().st_ino
    return None


def _without_waiting(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


_dispose = DagsterInstance.dispose


def _closing(instance: DagsterInstance) -> None:
    _dispose(instance)
    for engine in _engines.values():
        engine.pool.close()  # type: ignore[attr-defined]


_read = ScriptDirectory.from_config


@cache
def _scripts_at(_place: str | None, config: Config) -> ScriptDirectory:
    return _read(config)


def _scripts(config: Config) -> ScriptDirectory:
    return _scripts_at(config.get_main_option("script_location"), config)


for _module in (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
    _module.create_engine = _engine  # type: ignore[attr-defined]
ScriptDirectory.from_config = _scripts  # type: ignore[method-assign]
DagsterInstance.dispose = _closing  # type: ignore[assignment, method-assign]
