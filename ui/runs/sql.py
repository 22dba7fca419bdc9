"""The SQL tab's side of the server: guarded queries, as rows for a table or as a file."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq

from kn_assets.database import query
from kn_assets.database.sandbox import Sandbox
from kn_assets.lake import Lake
from ui.rows import Answer
from ui.runs.job import Job, Lane, Work

LANE = "sql"
AT_ONCE = 2  # queries
WAITING = 100
A_MINUTE = 10_000
LONGEST_CELL = 2_000
LARGEST_EXACT = 1 << 53  # integers that JavaScript's numbers hold


@dataclass(frozen=True)
class Limits:
    """What one query may take."""

    rows: int = 1_000
    file_rows: int = 200_000
    seconds: float = 30.0
    memory_mb: int = 1024


ALONE = Limits()
"""For a person on their own machine."""
SHARED = Limits(file_rows=20_000, seconds=5.0, memory_mb=512)
"""For an app that others can reach."""


class SqlTab:
    """What the jobs of the SQL tab do; safe to call from several threads. `close` it at the end."""

    def __init__(self, lake: Lake, limits: Limits = ALONE) -> None:
        self.limits = limits
        self.lane = Lane("query", at_once=AT_ONCE, waiting=WAITING, a_minute=A_MINUTE)
        self._sandbox = Sandbox(lake, workers=AT_ONCE, memory_mb=self.limits.memory_mb)

    def close(self) -> None:
        """End the processes that run the queries."""
        self._sandbox.close()

    def rows(self, sql: str) -> Work:
        """The first rows of a query: `columns`, `types`, `rows`, `seconds`, `cut`."""
        return self._work(sql, self.limits.rows, _rows)

    def file(self, sql: str, kind: str) -> Work:
        """More rows of a query as base64 of a CSV or Parquet `file` with its `name`."""
        return self._work(sql, self.limits.file_rows, _parquet if kind == "parquet" else _csv)

    def _work(
        self, sql: str, rows: int, encode: Callable[[query.QueryResult], dict[str, Any]]
    ) -> Work:
        def do(job: Job) -> Answer:
            job.tell("running the query", 0, 0)
            seconds = self.limits.seconds
            result = self._sandbox.run(sql, max_rows=rows, timeout_s=seconds, stop=job.stop)
            return {"sql": sql, **encode(result)}

        return Work(LANE, do)


def _rows(found: query.QueryResult) -> dict[str, Any]:
    return {
        "columns": found.columns,
        "types": found.types,
        "rows": [[_cell(value) for value in row] for row in found.rows],
        "seconds": found.seconds,
        "cut": found.truncated,
    }


def _csv(found: query.QueryResult) -> dict[str, Any]:
    return _file(found, "query.csv", query.format_result(found, "csv").encode())


def _parquet(found: query.QueryResult) -> dict[str, Any]:
    buffer = io.BytesIO()
    pq.write_table(found.table, buffer, compression="zstd")
    return _file(found, "query.parquet", buffer.getvalue())


def _file(found: query.QueryResult, name: str, body: bytes) -> dict[str, Any]:
    return {
        "name": name,
        "file": base64.b64encode(body).decode("ascii"),
        "rows": found.table.num_rows,
        "cut": found.truncated,
    }


def _cell(value: Any) -> Any:
    """A value as JSON holds it: what JavaScript would garble becomes text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        exact = math.isfinite(value) if isinstance(value, float) else abs(value) < LARGEST_EXACT
        return value if exact else str(value)
    if isinstance(value, bytes):
        return _short(value[: LONGEST_CELL // 2].hex())
    if isinstance(value, list | tuple):
        return [_cell(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _cell(v) for k, v in value.items()}
    return _short(str(value))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else text[:LONGEST_CELL] + "…"
