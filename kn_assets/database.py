"""The lake as a database: a view for each table, and a macro for each question the app asks.

A schema `lake` holds one view per table over whatever Parquet files exist, with an empty relation
where none do; it is the only place with paths in it. The public views and macros of `sql/`, one to
a file, stand on those. `build` stores them all in `kn.duckdb` for any DuckDB client; `connect`
makes them anew in memory, so that the app and `kn sql` never lock that file.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

from kn_assets.errors import KnError
from kn_assets.lake import Lake, said_plainly
from kn_assets.schema import ALL, Table

if TYPE_CHECKING:
    import duckdb

SQL = Path(__file__).parents[1] / "sql"
LOOK_AGAIN_S = 1.0

Stamp = tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class Definition:
    """A view or macro of `sql/`: its statement, and what its first comment says of it."""

    name: str
    folder: str
    statement: str
    meaning: str

    @property
    def parameters(self) -> list[str]:
        """A macro's parameters, those with a default as `seed := 0`."""
        found = re.search(rf"MACRO {self.name}\(([^)]*)\)", self.statement)
        return [p.strip() for p in found[1].split(",")] if found and found[1] else []

    @property
    def kind(self) -> str:
        """What SQL calls it: VIEW, MACRO or MACRO TABLE."""
        if self.folder == "views":
            return "VIEW"
        return "MACRO TABLE" if re.search(r"\) AS TABLE\b", self.statement) else "MACRO"


def definitions() -> list[Definition]:
    """All views and macros of `sql/`, those that others stand on first.

    Raises KnError where the folder is missing.
    """
    found = {path.stem: _definition(path) for path in sorted(SQL.glob("*/*.sql"))}
    if not found:
        raise KnError(f"the SQL of the views is not at {SQL}: run from a clone of the repository")
    stands_on = {
        name: set(re.findall(r"\w+", d.statement)) & found.keys() - {name}
        for name, d in found.items()
    }
    return [found[name] for name in TopologicalSorter(stands_on).static_order()]


def _definition(path: Path) -> Definition:
    lines = path.read_text(encoding="utf-8").splitlines()
    meaning = " ".join(line.removeprefix("--").strip() for line in lines if line[:2] == "--")
    text = "\n".join(line for line in lines if line[:2] != "--")
    if path.parent.name == "views" and path.stem in ALL:
        meaning = ALL[path.stem].meaning
    return Definition(path.stem, path.parent.name, text, meaning)


def macros() -> list[Definition]:
    """The table macros, by name: the questions that can be asked."""
    return [d for d in definitions() if d.kind == "MACRO TABLE"]


def stamp(lake: Lake) -> Stamp:
    """What tables exist and when each was written: (table, partition, ns), cheap to take."""
    found = []
    for kind in ("corpus", "model"):
        names = [t.name for t in ALL.values() if t.kind == kind]
        for partition in lake.partitions(kind):
            folder = lake.folder(partition)
            for name in names:
                try:
                    noted = (folder / name / "_table.json").stat().st_mtime_ns
                except (FileNotFoundError, NotADirectoryError):
                    continue
                found.append((name, partition.key, noted))
    return tuple(found)


def define(connection: duckdb.DuckDBPyConnection, lake: Lake, comments: bool = False) -> None:
    """Make all views and macros in `connection`, over the tables that exist now.

    Columns that an earlier version of this project did not write yet are null.
    """
    import duckdb

    present = {name for name, _, _ in stamp(lake)}
    statements = []
    for definition in definitions():
        statements.append(definition.statement)
        if comments:
            statements += _comments(definition)
    for filled in (False, True):  # filling costs time at each query: only where it is needed
        views = [_lake_view(lake, t, t.name in present, filled) for t in ALL.values()]
        connection.execute("BEGIN")
        try:
            for statement in ("CREATE SCHEMA IF NOT EXISTS lake", *views, *statements):
                connection.execute(statement)
            connection.execute("COMMIT")
        except duckdb.BinderException:
            connection.execute("ROLLBACK")
            if filled:
                raise
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        else:
            return


def _lake_view(lake: Lake, table: Table, present: bool, filled: bool) -> str:
    types = {c.name: sql_type(c.type) for c in table.columns} | {table.kind: "VARCHAR"}
    empty = ", ".join(f'NULL::{type_} AS "{name}"' for name, type_ in types.items())
    source = f"SELECT {empty} WHERE false"
    if present:
        files = (
            f"SELECT * FROM read_parquet({_quoted(lake.glob(table.name))}, "
            f"hive_partitioning = true, hive_types = {{'{table.kind}': VARCHAR}}, "
            f"hive_types_autocast = false, union_by_name = {filled})"
        )
        source = f"{files} UNION ALL BY NAME {source}" if filled else files
    return f"CREATE OR REPLACE VIEW lake.{table.name} AS {source}"


_SQL_TYPES = {
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "string": "VARCHAR",
    "binary": "BLOB",
    "timestamp[s, tz=UTC]": "TIMESTAMPTZ",
    "list<item: string>": "VARCHAR[]",
    "list<element: string>": "VARCHAR[]",
    "list<item: float>": "FLOAT[]",
    "list<element: float>": "FLOAT[]",
}


def sql_type(arrow: object) -> str:
    """DuckDB's name of a column's type in `kn_assets.schema`."""
    return _SQL_TYPES[str(arrow)]


def _comments(definition: Definition) -> list[str]:
    name = definition.name
    found = [f"COMMENT ON {definition.kind} {name} IS {_quoted(definition.meaning)}"]
    if definition.folder == "views" and name in ALL:
        kind = ALL[name].kind
        meanings = {c.name: c.meaning for c in ALL[name].columns} | {kind: f"name of the {kind}"}
        found += [
            f'COMMENT ON COLUMN {name}."{column}" IS {_quoted(meaning)}'
            for column, meaning in meanings.items()
        ]
    return found


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def build(lake: Lake) -> Path:
    """Write `kn.duckdb` under a temporary name and rename it into place; returns its path.

    Its views hold absolute paths, so that it can be opened from any folder. Raises KnError where
    the lake can't be written.
    """
    import duckdb

    lake.make(lake.root)
    fresh = lake.database.with_name(f".{lake.database.name}.new")
    with said_plainly(lake.root):
        fresh.unlink(missing_ok=True)
        try:
            with duckdb.connect(str(fresh)) as connection:
                define(connection, lake, comments=True)
            fresh.replace(lake.database)
        finally:
            fresh.unlink(missing_ok=True)
    return lake.database


def connect(
    lake: Lake, memory_limit: str = "2GB", threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """An in-memory database with all views and macros, which can read the lake's tables only.

    The order of the settings matters: `temp_directory` can't be set once external access is off,
    and nothing can once the configuration is locked.
    """
    import duckdb

    connection = duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    folders = ", ".join(_quoted(f"{lake.root / name}/") for name in ("corpus", "atlas"))
    settings = [f"memory_limit = {_quoted(memory_limit)}"]
    if threads is not None:
        settings.append(f"threads = {threads}")
    settings += [
        "temp_directory = ''",
        "python_enable_replacements = false",
        "parquet_metadata_cache = true",
        f"allowed_directories = [{folders}]",
        "enable_external_access = false",
        "lock_configuration = true",
    ]
    for setting in settings:
        connection.execute(f"SET {setting}")
    define(connection, lake)
    return connection


class Database:
    """A connection for long-running use: it notices new tables, and gives a cursor to each query.

    Files of a table that exists already are found by its view anyway; the views are made again when
    a table appears or goes.
    """

    def __init__(self, lake: Lake, memory_limit: str = "2GB", threads: int | None = None) -> None:
        self.lake = lake
        self._stamp = stamp(lake)
        self._looked = time.monotonic()
        self._lock = threading.Lock()
        self._connection = connect(lake, memory_limit, threads)

    @property
    def stamp(self) -> Stamp:
        """The tables that the views were last seen to hold: changes whenever one is written."""
        return self._stamp

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor of its own for one query; safe to call from any thread."""
        with self._lock:
            if time.monotonic() - self._looked >= LOOK_AGAIN_S:
                self.refresh()
            return self._connection.cursor()

    def refresh(self) -> None:
        """Look at the lake now, and make the views again where its set of tables changed."""
        found = stamp(self.lake)
        if {s[:2] for s in found} != {s[:2] for s in self._stamp}:
            define(self._connection, self.lake)
        self._stamp, self._looked = found, time.monotonic()

    def close(self) -> None:
        self._connection.close()
