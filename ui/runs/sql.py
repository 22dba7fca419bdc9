"""The SQL tab's side of the server: guarded queries, as rows for a table or as a file.

These run in Gradio's queue. An answer is JSON text with the number `ask` of the question, so that
the page knows an answer that a later question overtook.
"""

from __future__ import annotations

import base64
import io
import logging
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq

from kn_assets.database import query
from kn_assets.database.sandbox import Sandbox
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from ui.pack import to_json

AT_ONCE = 2  # queries; those that come meanwhile wait in the queue and are told their place
LONGEST_CELL = 2_000
LARGEST_EXACT = 1 << 53  # integers that JavaScript's numbers hold

log = logging.getLogger(__name__)


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
    """Answers the SQL tab's questions; safe to call from several threads."""

    def __init__(self, lake: Lake, limits: Limits = ALONE) -> None:
        self.limits = limits
        self._asking: set[str] = set()
        self._lock = threading.Lock()
        self._sandbox = Sandbox(lake, workers=AT_ONCE, memory_mb=self.limits.memory_mb)

    def close(self) -> None:
        """End the processes that run the queries."""
        self._sandbox.close()

    def run(self, question: object, user: str) -> str:
        """The first rows of a query: `columns`, `types`, `rows`, `seconds`, `cut`; or `error`."""
        return self._answer(question, user, self.limits.rows, _rows)

    def download(self, question: object, user: str) -> str:
        """More rows of a query as base64 of a CSV or Parquet `file` with its `name`; or `error`."""
        wanted = question.get("format") if isinstance(question, dict) else None
        return self._answer(
            question, user, self.limits.file_rows, _parquet if wanted == "parquet" else _csv
        )

    def _answer(
        self,
        question: object,
        user: str,
        rows: int,
        told: Callable[[query.QueryResult], dict[str, Any]],
    ) -> str:
        given: dict[str, Any] = question if isinstance(question, dict) else {}
        sql, ask = str(given.get("sql", "")), given.get("ask", 0)
        try:
            answer = {"sql": sql, **told(self._query(sql, rows, user))}
        except KnError as e:
            answer = {"error": str(e)}
        except Exception as e:
            # Gradio would leave the page waiting.
            log.exception("a query failed in an unforeseen way: %s", sql)
            answer = {"error": f"this query failed in a way the app did not foresee: {e}"}
        return to_json({**answer, "ask": ask if isinstance(ask, int) else 0})

    def _query(self, sql: str, rows: int, user: str) -> query.QueryResult:
        with self._one_at_a_time(user):
            return self._sandbox.run(sql, max_rows=rows, timeout_s=self.limits.seconds)

    @contextmanager
    def _one_at_a_time(self, user: str) -> Iterator[None]:
        """One person's many queries don't keep the others waiting."""
        with self._lock:
            if user in self._asking:
                raise KnError("your last query is still running: wait for its answer")
            self._asking.add(user)
        try:
            yield
        finally:
            with self._lock:
                self._asking.remove(user)


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
