"""Answers to SQL in Python: read-only queries with parameters, as Arrow, pandas or a relation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kn_assets.database.guard import QueryFailed, check

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

Parameters = Sequence[Any] | Mapping[str, Any]


class Answer:
    """The rows of a query.

    `arrow()`, `df()` and `relation()` hand them on; iterating gives a dict for each row. In a
    notebook the first rows show as a table.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation):
        self._cursor = cursor  # a relation ends with its connection
        self._relation = relation

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self._relation.columns)

    def arrow(self) -> pa.Table:
        """The rows as an Arrow table."""
        with _one_error():
            return self._relation.to_arrow_table()

    def df(self) -> pd.DataFrame:
        """The rows as a pandas data frame."""
        with _one_error():
            return self._relation.to_arrow_table().to_pandas()

    def relation(self) -> duckdb.DuckDBPyRelation:
        """The rows as a DuckDB relation, for more SQL: `answer.relation().filter("layer > 3")`."""
        return self._relation

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.arrow().to_pylist())

    def __len__(self) -> int:
        return self.arrow().num_rows

    def __repr__(self) -> str:
        with _one_error():
            return str(self._relation)


def answer(
    cursor: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters | None = None
) -> Answer:
    """Answer one reading query on a cursor of its own.

    parameters: values for `?` in order, or by name for `$name`. Raises QueryRefused where the
    query does anything but read the lake, QueryFailed with DuckDB's message where it is wrong.
    """
    with _one_error():
        check(cursor, sql, limit=1, parameters=True)
        body = sql.strip().removesuffix(";")
        relation = cursor.sql(body, params=parameters) if parameters else cursor.sql(body)
        return Answer(cursor, relation)


@contextmanager
def _one_error() -> Iterator[None]:
    """DuckDB's errors as QueryFailed."""
    import duckdb

    try:
        yield
    except duckdb.Error as e:
        raise QueryFailed(str(e)) from e
