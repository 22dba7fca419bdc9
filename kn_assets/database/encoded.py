"""A query's answer as the bytes that a page or a file takes, made where the query ran.

A server hands them on as they are: what a list of millions takes, as Python's values or as JSON,
is counted and limited in the process that answers, not in the server.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kn_assets.database import columns, query
from kn_assets.database.render import csv_lines
from kn_assets.errors import KnError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

FORMS = ("rows", "csv", "parquet")
LONGEST_CELL = 2_000
"""Characters of a text in `rows`."""
LARGEST_EXACT = 1 << 53  # integers that JavaScript's numbers hold
LONGEST_TYPE = 200


@dataclass(frozen=True)
class Encoded:
    """An answer: `body` is JSON `{columns, types, rows}`, a CSV file or a Parquet file.

    `n_rows` are in it; `truncated` says whether there were more.
    """

    body: bytes
    n_rows: int
    seconds: float
    truncated: bool


def encode(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    form: str,
    max_rows: int,
    timeout_s: float,
    max_bytes: int,
) -> Encoded:
    """Answer one reading query in one of FORMS, of at most `max_bytes`; else as `query.run`."""
    if form not in FORMS:
        raise KnError(f"there is no form {form!r}: choose one of {', '.join(FORMS)}")
    cell = {"rows": columns.short(LONGEST_CELL + 1), "csv": columns.whole}.get(form, columns.exact)
    found = query.run(connection, sql, max_rows, timeout_s, max_bytes, cell)
    body = io.BytesIO()
    if form == "parquet":
        _parquet(found.table, body)
    else:
        lines = _json(found) if form == "rows" else csv_lines(found.columns, found.each_row())
        for line in lines:
            body.write(line.encode("utf-8", "replace"))
            _check(body.tell(), max_bytes)
    _check(body.tell(), max_bytes)
    return Encoded(body.getvalue(), found.table.num_rows, found.seconds, found.truncated)


def _check(size: int, most: int) -> None:
    if size > most:
        raise query.QueryTooBig(query.too_large(most))


def _parquet(table: pa.Table, out: io.BytesIO) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, out, compression="zstd")


def _json(found: query.QueryResult) -> Iterator[str]:
    head = {"columns": found.columns, "types": [t[:LONGEST_TYPE] for t in found.types]}
    yield json.dumps(head, ensure_ascii=False).removesuffix("}") + ', "rows": ['
    before = ""
    for row in found.each_row():
        yield before + json.dumps([_cell(v) for v in row], ensure_ascii=False, allow_nan=False)
        before = ","
    yield "]}"


def _cell(value: Any) -> Any:
    """A value as JSON holds it: what JavaScript would garble becomes text."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_CELL else value[:LONGEST_CELL] + "…"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    whole = int(value) if isinstance(value, int | Decimal) else None  # Decimal: of 128 bits
    if isinstance(value, bool) or whole is None:
        return value
    return whole if abs(whole) < LARGEST_EXACT else str(whole)
