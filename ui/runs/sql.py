"""The SQL tab's side of the server: guarded queries, as rows for a table or as a file."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

from kn_assets.database.encoded import Encoded
from kn_assets.database.query import QueryTimeout, QueryTooBig
from kn_assets.database.sandbox import Sandbox
from kn_assets.lake import Lake
from ui.rows import Answer
from ui.runs.job import Job, Lane, Longer, Work

LANE, LONG = "sql", "longer sql"
AT_ONCE = 2  # queries
WAITING = 100
A_MINUTE = 10_000
TABLE_BYTES = 4 << 20


@dataclass(frozen=True)
class Limits:
    """What one query may take; `each`: queries that one person may have waiting or running.

    `quick`: seconds in which it must be over, lest it be run again where longer ones are, one at a
    time and at low priority; None where all are run in one place.
    """

    rows: int = 1_000
    file_rows: int = 200_000
    file_bytes: int = 64 << 20
    seconds: float = 30.0
    memory_mb: int = 1024
    each: int = 1_000
    quick: float | None = None


ALONE = Limits()
"""For a person on their own machine."""
SHARED = Limits(
    file_rows=20_000, file_bytes=16 << 20, seconds=5.0, memory_mb=512, each=3, quick=1.0
)
"""For an app that others can reach."""


class SqlTab:
    """What the jobs of the SQL tab do; safe to call from several threads. `close` it at the end."""

    def __init__(self, lake: Lake, limits: Limits = ALONE) -> None:
        self.limits = limits
        each, memory_mb = limits.each, limits.memory_mb
        self.lanes = {LANE: Lane(AT_ONCE, WAITING, A_MINUTE, each=each)}
        self._sandboxes = {LANE: Sandbox(lake, workers=AT_ONCE, memory_mb=memory_mb)}
        if limits.quick is not None:
            self.lanes[LONG] = Lane(1, WAITING, A_MINUTE, each=each)
            self._sandboxes[LONG] = Sandbox(lake, workers=1, memory_mb=memory_mb, behind=True)

    def close(self) -> None:
        """End the processes that run the queries."""
        for sandbox in self._sandboxes.values():
            sandbox.close()

    def rows(self, sql: str) -> Work:
        """The first rows of a query: `seconds`, `cut`, and as JSON text a `table` of `columns`,
        `types` and `rows`.
        """

        def told(found: Encoded) -> Answer:
            table = found.body.decode("utf-8")
            return {"seconds": found.seconds, "cut": found.truncated, "table": table}

        return self._work(sql, "rows", self.limits.rows, TABLE_BYTES, told)

    def file(self, sql: str, kind: str) -> Work:
        """More rows of a query as base64 of a CSV or Parquet `file` with its `name`."""

        def told(found: Encoded) -> Answer:
            body = base64.b64encode(found.body).decode("ascii")
            name, cut = f"query.{kind}", found.truncated
            return {"name": name, "file": body, "rows": found.n_rows, "cut": cut}

        return self._work(sql, kind, self.limits.file_rows, self.limits.file_bytes, told)

    def _work(
        self, sql: str, form: str, rows: int, most: int, told: Callable[[Encoded], Answer]
    ) -> Work:
        def doing(lane: str, seconds: float) -> Callable[[Job], Answer]:
            def do(job: Job) -> Answer:
                job.tell("running the query", 0, 0)
                found = self._sandboxes[lane].run(
                    sql, form, max_rows=rows, timeout_s=seconds, max_bytes=most, stop=job.stop
                )
                return {"sql": sql, **told(found)}

            return do

        limits = self.limits
        if limits.quick is None:
            return Work(LANE, doing(LANE, limits.seconds))
        quick = doing(LANE, limits.quick)

        def first(job: Job) -> Answer:
            try:
                return quick(job)
            except (QueryTimeout, QueryTooBig) as e:
                raise Longer from e

        return Work(LANE, first, then=Work(LONG, doing(LONG, limits.seconds)))
