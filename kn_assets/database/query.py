"""Ad-hoc SQL: guarded, limited in rows, time and bytes, and printed as text, CSV or JSON.

`run` is used by `kn sql` in its own process. A server that answers strangers runs it inside a
`kn_assets.database.sandbox.Sandbox`, since DuckDB can't be interrupted within one call of a
function.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from kn_assets.database import database
from kn_assets.database.columns import Cell, change, exact
from kn_assets.database.guard import QueryFailed, QueryRefused, check
from kn_assets.database.render import format_rows
from kn_assets.errors import KnError
from kn_assets.lake import Lake

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = [
    "QueryFailed",
    "QueryRefused",
    "QueryResult",
    "QueryTimeout",
    "QueryTooBig",
    "format_result",
    "main_query",
    "run",
]

MAX_ROWS = 1_000
TIMEOUT_S = 30.0
MAX_BYTES = 64 << 20
TOO_BIG = "query exceeded its memory limit; add filters or a LIMIT"
_BATCH = 2_048
_LISTING = {"show", "describe", "information_schema"}
"""Words of queries that list views."""


class QueryTimeout(KnError):
    """The query exceeded its time limit."""


class QueryTooBig(KnError):
    """The query exceeded its memory limit, or its result is too large to return."""


@dataclass(frozen=True)
class QueryResult:
    """The rows of a query, at most as many as were asked for.

    `types` are DuckDB's names. `truncated` says whether there were more rows than `table` holds.
    """

    columns: list[str]
    types: list[str]
    table: pa.Table
    seconds: float
    truncated: bool

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The rows as Python values."""
        return list(self.each_row())

    def each_row(self) -> Iterator[tuple[Any, ...]]:
        """The rows as Python values, few of them at a time."""
        for batch in self.table.to_batches(_BATCH):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def run(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    max_rows: int = MAX_ROWS,
    timeout_s: float = TIMEOUT_S,
    max_bytes: int = MAX_BYTES,
    cell: Cell = exact,
) -> QueryResult:
    """Answer one reading query on a cursor of its own; safe to call from several threads.

    `connection` must come from `kn_assets.database.database`, whose settings are half of the guard;
    `cell` says what is fetched of a column, see `kn_assets.database.columns`. Raises QueryRefused,
    QueryFailed, QueryTimeout or QueryTooBig.
    """
    started = time.monotonic()
    cursor = connection.cursor()
    try:
        with _limit(cursor, timeout_s) as expired:
            try:
                explained, body = _explain(sql)
                text = check(cursor, body, max_rows + 1)
                relation = cursor.sql(f"EXPLAIN {text}" if explained else text)
                columns, types = list(relation.columns), [str(t) for t in relation.types]
                if not explained:
                    relation = change(cursor, relation, text, cell)
                table = _fetch(relation, max_rows + 1, max_bytes).rename_columns(columns)
            except KnError:
                raise
            except Exception as e:
                raise _said(e, expired.is_set(), timeout_s) from e
    finally:
        cursor.close()
    return QueryResult(
        columns=columns,
        types=types,
        table=table.slice(0, max_rows),
        seconds=time.monotonic() - started,
        truncated=table.num_rows > max_rows,
    )


def _explain(sql: str) -> tuple[bool, str]:
    """Whether a plan is asked for, and the query itself: EXPLAIN can't stand in a subquery."""
    found = re.match(r"\s*EXPLAIN\b(?!\s+ANALY[SZ]E)", sql, re.IGNORECASE)
    return bool(found), sql[found.end() :] if found else sql


@contextmanager
def _limit(cursor: duckdb.DuckDBPyConnection, timeout_s: float) -> Iterator[threading.Event]:
    """Interrupt what runs on `cursor` after `timeout_s`, again and again until it has stopped."""
    done, expired = threading.Event(), threading.Event()

    def watch() -> None:
        wait = timeout_s
        while not done.wait(wait):
            expired.set()
            cursor.interrupt()
            wait = 0.05

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield expired
    finally:
        done.set()
        watcher.join()


def _fetch(relation: duckdb.DuckDBPyRelation, rows: int, max_bytes: int) -> pa.Table:
    import pyarrow as pa

    reader = relation.to_arrow_reader(_BATCH)
    batches, size, found = [], 0, 0
    for batch in reader:
        batches.append(batch)
        size += batch.nbytes
        found += batch.num_rows
        if size > max_bytes:
            raise QueryTooBig(too_large(max_bytes))
        if found >= rows:
            break
    return pa.Table.from_batches(batches, schema=reader.schema)


def _said(error: Exception, expired: bool, timeout_s: float) -> KnError:
    """DuckDB's error as one of ours."""
    import duckdb

    text = str(error)
    if expired:
        return QueryTimeout(too_slow(timeout_s))
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError) or "Out of Memory" in text:
        return QueryTooBig(TOO_BIG)
    if isinstance(error, duckdb.PermissionException):
        return QueryRefused("the query reads outside the lake")
    if isinstance(error, duckdb.Error):
        return QueryFailed(_own_lines(text))
    if isinstance(error, RuntimeError) and text == "Query interrupted":
        raise KeyboardInterrupt from None  # DuckDB's word for it
    raise error


def too_large(most: int) -> str:
    """The message of a result that exceeds `most` bytes."""
    return f"the result exceeds {most >> 20} MiB: select fewer rows or columns"


def too_slow(timeout_s: float) -> str:
    """The message of a query that exceeded its time limit."""
    return f"query exceeded its time limit of {timeout_s:g} s; add filters or a LIMIT"


def _own_lines(message: str) -> str:
    """A message of DuckDB with lines counted in the query as it was typed, not as wrapped."""
    return re.sub(r"LINE (\d+):", lambda m: f"LINE {int(m[1]) - 1}:", message)


def format_result(result: QueryResult, fmt: str) -> str:
    """The rows as an aligned `table`, as `csv` or as `json` (a list of objects)."""
    return format_rows(result.columns, result.types, result.rows, fmt)


def main_query(
    lake: Lake,
    sql: str,
    fmt: str = "table",
    *,
    max_rows: int = MAX_ROWS,
    timeout_s: float = TIMEOUT_S,
    out: TextIO | None = None,
    notes: TextIO | None = None,
) -> None:
    """Answer `sql` on `out` (stdout); how long it took and whether rows were cut go to stderr."""
    result = _run_alone(lake, sql, max_rows, timeout_s)
    print(format_result(result, fmt), file=out or sys.stdout)
    rows = f"{result.table.num_rows:,} row{'' if result.table.num_rows == 1 else 's'}"
    cut = f"first {rows} of more" if result.truncated else rows
    print(f"{cut}, in {result.seconds:.3f} s", file=notes or sys.stderr)


def _run_alone(lake: Lake, sql: str, max_rows: int, timeout_s: float) -> QueryResult:
    """Answer the only query of a connection: only what it names is defined, which saves a third."""
    asked = {word.lower() for word in re.findall(r"\w+", sql)}
    if not asked & _LISTING:
        try:
            with database.connect(lake, asked=asked) as connection:
                return run(connection, sql, max_rows, timeout_s)
        except QueryFailed as e:
            if "Catalog Error" not in str(e):
                raise
            # With all names there, DuckDB knows which one was meant.
    with database.connect(lake) as connection:
        return run(connection, sql, max_rows, timeout_s)
