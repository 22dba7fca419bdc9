"""Dagster's store, with what it does anew at each event kept for the process's life.

For each event Dagster makes a database engine, which has to compile each SQL statement again, and
for each run it reads a hundred migration scripts. Importing this module keeps both. The files and
what is in them are as ever, but nothing waits for the disk: no test cuts the power.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy
from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from sqlalchemy.pool import NullPool

_engines: dict[str, sqlalchemy.Engine] = {}
"""By address. None holds a file open: each connection opens the file that is there by then."""


def _engine(address: str, *, poolclass: type[NullPool], **given: Any) -> sqlalchemy.Engine:
    if address not in _engines:
        engine = sqlalchemy.create_engine(address, poolclass=poolclass, **given)
        sqlalchemy.event.listen(engine, "connect", _without_waiting)
        _engines[address] = engine
    return _engines[address]


def _without_waiting(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


_read = ScriptDirectory.from_config


@cache
def _scripts_at(_place: str | None, config: Config) -> ScriptDirectory:
    return _read(config)


def _scripts(config: Config) -> ScriptDirectory:
    return _scripts_at(config.get_main_option("script_location"), config)


for _module in (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
    _module.create_engine = _engine  # type: ignore[attr-defined]
ScriptDirectory.from_config = _scripts  # type: ignore[method-assign]
