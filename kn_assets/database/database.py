"""The lake as a database: a view for each table, and a macro for each question the app asks.

`kn_assets.database.stored` keeps the views and macros of `kn_assets.database.sql_files`, over those
of `kn_assets.database.scans`, in `kn.duckdb` for any DuckDB client; `connect` makes them anew in
memory, so that the app and `kn sql` never lock that file. `Database` is a connection for long use.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from kn_assets.database import bound, scans
from kn_assets.database.parts import BY_LAYER, BY_PROMPT
from kn_assets.database.scans import quoted, sql_type
from kn_assets.database.sql_files import definitions, macros
from kn_assets.database.stored import build, is_own, keep_current, keep_own, kept_at_end
from kn_assets.database.views import Looked, Stamp, define, stamp, unreadable
from kn_assets.lake import Lake
from kn_assets.lake.schema import ALL

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "Database",
    "Stamp",
    "build",
    "connect",
    "define",
    "definitions",
    "is_own",
    "keep_current",
    "keep_own",
    "kept_at_end",
    "macros",
    "sql_type",
    "stamp",
]

LOOK_AGAIN_S = 1.0
_LOG = logging.getLogger(__name__)


HELD = {
    "atlases": ("atlases",),
    "thresholds": ("thresholds",),
    "neurons": ("neurons",),
    "tokens": ("tokens",),
    "prompt_cities": ("prompts", "cities"),
    "folded_cities": ("prompts", "cities"),
    "prompt_token_lists": ("tokens",),
    "labelled_prompts": ("tokens", "atlases", "prompts", "cities"),
    "facts": ("facts",),
    "folded_facts": ("facts",),
    "answered_facts": (
        *("fact_answers", "knowledge_neurons", "attribution_error", "asked_facts"),
        *("asked_answers", "asked_neurons", "facts", "atlases"),
    ),
}
"""Small views that are part of most questions, and the tables they are made of: a `Database` keeps
them in memory where there is any of the first, those first that others stand on."""
MOST_HELD = 8_000_000  # rows of a table: tokens of 40 atlases of 6,000 prompts


def connect(
    lake: Lake,
    memory_limit: str = "2GB",
    threads: int | None = None,
    asked: set[str] | None = None,
    named: bool = False,
) -> duckdb.DuckDBPyConnection:
    """An in-memory database with all views and macros, which can read the lake's tables only.

    asked, named: as in `define`. The order of the settings matters: `temp_directory` can't be set
    once external access is off, and nothing can once the configuration is locked.
    """
    connection = _opened()
    if asked is None and not bound.copy_to(connection):
        connection.close()
        connection = _opened()
    folders = ", ".join(quoted(f"{lake.root / name}/") for name in ("corpus", "atlas"))
    settings = [f"memory_limit = {quoted(memory_limit)}"]
    if threads is not None:
        settings.append(f"threads = {threads}")
    settings += [
        "temp_directory = ''",
        "python_enable_replacements = false",
        "parquet_metadata_cache = true",
        *scans.SETTINGS,
        f"allowed_directories = [{folders}]",
        "enable_external_access = false",
        "lock_configuration = true",
    ]
    for setting in settings:
        connection.execute(f"SET {setting}")
    define(connection, lake, asked=asked, named=named)
    return connection


def _opened() -> duckdb.DuckDBPyConnection:
    import duckdb

    return duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )


class Database:
    """A connection for long-running use: it notices new tables, and gives a cursor to each query.

    Files of a table that exists already are found by its view anyway; the views are made again when
    a table appears or goes. With `hold`, for an application's own questions, the views of `HELD`
    are kept in memory, and read again when their tables change; prompts and layers given to macros
    must be constants or a statement's parameters then.
    """

    def __init__(
        self,
        lake: Lake,
        memory_limit: str = "2GB",
        threads: int | None = None,
        hold: bool = True,
    ) -> None:
        self.lake = lake
        self._files: Looked = {}
        self._stamp = stamp(lake, self._files)
        self._looked = time.monotonic()
        self._lock = threading.Lock()
        self._connection = connect(lake, memory_limit, threads, named=hold)
        self._holds = hold
        self._held: set[str] = set()
        self._hold()

    @property
    def stamp(self) -> Stamp:
        """The tables that the views were last seen to hold: changes whenever one is written."""
        return self._stamp

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor of its own for one query; safe to call from any thread."""
        self.look()
        with self._lock:
            return self._connection.cursor()

    def look(self) -> None:
        """Look at the lake, unless that was done within the last second."""
        if time.monotonic() - self._looked >= LOOK_AGAIN_S:
            self.refresh()

    def refresh(self) -> None:
        """Look at the lake now, and make the views again where its set of tables changed."""
        with self._lock:
            self._refresh()

    def _refresh(self) -> None:
        before, self._stamp = self._stamp, stamp(self.lake, self._files)
        self._looked = time.monotonic()
        grown = any(not self._fits(name) for name in self._held)
        if grown or _defining(self._stamp) != _defining(before):
            define(self._connection, self.lake, named=self._holds)
            self._hold()
        elif self._stamp != before:
            self._hold(before)

    def _hold(self, before: Stamp = ()) -> None:
        """Read the views of `HELD` into memory where their tables aren't as they were `before`.

        A view whose tables are too large for that becomes one over its files.
        """
        import duckdb

        if not self._holds:
            return
        originals = {d.name: d.statement for d in definitions(HELD)}
        for name, tables in HELD.items():
            fresh = [s for s in self._stamp if s[0] in tables]
            if before and fresh == [s for s in before if s[0] in tables]:
                continue
            self._held.discard(name)
            self._connection.execute(originals[name])
            if not any(s[0] == tables[0] for s in fresh) or not self._fits(name):
                continue
            try:
                for statement in scans.held(name):
                    self._connection.execute(statement)
            except duckdb.Error as e:  # a damaged file: questions about others go on
                _LOG.warning("%s", unreadable(self.lake, e))
                self._connection.execute(originals[name])
            else:
                self._held.add(name)

    def _fits(self, name: str) -> bool:
        return sum(self._rows(table) for table in HELD[name]) <= MOST_HELD

    def _rows(self, table: str) -> int:
        """Rows of a table over all partitions, as noted when they were written."""
        notes = (self.lake.meta(p, table) for p in self.lake.partitions(ALL[table].kind))
        return sum(int(note["rows"]) for note in notes if note)

    def close(self) -> None:
        self._connection.close()


def _defining(found: Stamp) -> list[tuple[str, str, int]]:
    """What definitions hang on: which tables there are, and the files of parts and layers."""
    cut = (*BY_PROMPT, *BY_LAYER)
    return [s if s[0] in cut else (*s[:2], 0) for s in found]
