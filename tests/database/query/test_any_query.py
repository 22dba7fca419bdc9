"""The guard against texts of hypothesis' choice, with nothing else to hold them back.

What the guard lets through is run here in a database that may write, read files and load whatever
it likes, so that only the guard stands between a query and a folder with a secret in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kn_assets.database.guard import QueryFailed, QueryRefused, check
from tests.database.query.conftest import snapshot

SECRET = "a secret of 1234567 letters"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unguarded")
    (folder / "secret.csv").write_text(SECRET)
    return folder


@pytest.fixture(scope="module")
def unguarded(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with a view of the atlas' by name and no restriction at all."""
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE neurons AS SELECT 1 AS layer, 2 AS neuron")
        connection.execute(f"SET file_search_path = '{folder}'")
        yield connection


# What reads a file, writes one, changes the database or asks the machine: {0} is the folder.
SOURCES = (
    "'{0}/secret.csv'",
    '"{0}/secret.csv"',
    "'secret.csv'",
    "read_text('{0}/secret.csv')",
    "READ_CSV('{0}/secret.csv', header = false)",
    "main.read_blob('{0}/*')",
    "system.main.read_text('{0}/secret.csv')",
    "glob('{0}/*')",
    "sniff_csv('{0}/secret.csv')",
    "query('FROM ''{0}/secret.csv''')",
    "query_table('{0}/secret.csv')",
    "duckdb_settings()",
    "pragma_database_list()",
    "json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "(COPY (SELECT 1) TO '{0}/new.csv')",
    "(FROM read_text('{0}/secret.csv'))",
)
VALUES = (
    "getenv('HOME')",
    "getvariable('x')",
    "current_setting('home_directory')",
    "write_log('x')",
    "nextval('x')",
    "(SELECT content FROM read_text('{0}/secret.csv'))",
    "(SELECT count(*) FROM '{0}/secret.csv')",
    "json_serialize_plan('SELECT 1')",
)
STATEMENTS = (
    "COPY (SELECT 1) TO '{0}/new.csv'",
    "COPY neurons FROM '{0}/secret.csv'",
    "EXPORT DATABASE '{0}/new'",
    "ATTACH '{0}/new.db' AS new",
    "CREATE TABLE new AS SELECT 1",
    "CREATE OR REPLACE MACRO heatmap() AS TABLE SELECT 1",
    "INSERT INTO neurons VALUES (3, 4)",
    "DELETE FROM neurons",
    "UPDATE neurons SET layer = 7",
    "DROP TABLE neurons",
    "SET threads = 1",
    "PRAGMA enable_profiling",
    "INSTALL httpfs",
    "CHECKPOINT",
)
HARMLESS_SOURCES = (
    *("neurons", "main.neurons", "range(3)", "(VALUES (1), (2))", "unnest([1, 2])"),
    *("(SELECT 1 AS layer)", "generate_series(1, 3)", "(FROM neurons LIMIT 1)", "NEURONS"),
)
HARMLESS_VALUES = (
    *("1", "'read_text(''x'')'", "upper('copy')", "[1, 2]", "(SELECT max(layer) FROM neurons)"),
    *("CASE WHEN true THEN 1 ELSE 2 END", "'; DROP TABLE neurons'", "DATE '2020-01-01'"),
)


@st.composite
def queries(draw: st.DrawFn, sources: tuple[str, ...], values: tuple[str, ...]) -> str:
    """A SELECT that holds one of the sources or values, wrapped some layers deep."""
    if draw(st.booleans()):
        sql = f"SELECT * FROM {draw(st.sampled_from(sources))} AS t0"
    else:
        sql = f"SELECT {draw(st.sampled_from(values))} AS v"
    wraps = (
        "SELECT * FROM ({}) AS t1",
        "WITH x AS ({}) SELECT * FROM x",
        "WITH x AS MATERIALIZED ({}), y AS (FROM x) FROM y",
        "SELECT 1 WHERE EXISTS ({})",
        "SELECT 1 UNION ALL SELECT 2 WHERE EXISTS ({})",
        "({}) EXCEPT ({})",
        "SELECT count(*) FILTER (EXISTS ({})) FROM neurons",
        "SELECT n.layer FROM neurons AS n, LATERAL ({}) AS t2",
        "SELECT list_transform(list(t3), lambda i: i) FROM ({}) AS t3",
        "FROM neurons AS n ORDER BY (SELECT count(*) FROM ({}) AS t4)",
        "SELECT 1 AS a GROUP BY ALL HAVING EXISTS ({})",
        "-- a comment\n{}\n/* and one more */",
    )
    for wrap in draw(st.lists(st.sampled_from(wraps), max_size=4)):
        sql = wrap.replace("{}", sql)
    return sql + draw(st.sampled_from(["", ";", "\n", " -- end"]))


@given(sql=queries(SOURCES, VALUES))
def test_what_reaches_outside_is_refused_however_deep_it_stands(
    unguarded: duckdb.DuckDBPyConnection, folder: Path, sql: str
) -> None:
    with pytest.raises((QueryRefused, QueryFailed)):
        check(unguarded, sql.format(folder) if "{0}" in sql else sql, 10)


@given(
    statement=st.sampled_from(STATEMENTS),
    before=st.sampled_from(
        ["", "SELECT 1; ", "SELECT 1) ; ", "FROM neurons);\n", "EXPLAIN ANALYZE "]
    ),
    after=st.sampled_from(["", ";", " --", "; SELECT 1", "; SELECT * FROM (SELECT 1", " /*"]),
)
def test_statements_that_change_something_are_refused(
    unguarded: duckdb.DuckDBPyConnection, folder: Path, statement: str, before: str, after: str
) -> None:
    with pytest.raises((QueryRefused, QueryFailed)):
        check(unguarded, before + statement.format(folder) + after, 10)


@given(sql=queries(HARMLESS_SOURCES, HARMLESS_VALUES))
def test_queries_that_only_read_are_run(unguarded: duckdb.DuckDBPyConnection, sql: str) -> None:
    assert unguarded.execute(check(unguarded, sql, 10)).description


WORDS = (
    *("SELECT", "FROM", "WITH", "AS", "WHERE", "EXISTS", "UNION ALL", "LIMIT", "VALUES", "COPY"),
    *("TO", "INSERT INTO", "DELETE FROM", "RETURNING", "CREATE TABLE", "ATTACH", "SET", "PRAGMA"),
    *("DESCRIBE", "SUMMARIZE", "SHOW TABLES", "PIVOT", "ON", "EXPLAIN", "CALL", "USING", "SAMPLE"),
    *("neurons", "x", "*", "1", "2", "(", ")", "(", ")", ",", ";", "--", "/*", "*/", "\n", "$1"),
    *("'{0}/secret.csv'", "'{0}/new.csv'", '"', "'", "read_text", "query", "range", "lambda", ":"),
    *("=", "[", "]", "{{", "}}", ".", "::", "$$", "\\", "é", "\x01"),
)


@given(text=st.one_of(st.text(max_size=200), st.lists(st.sampled_from(WORDS)).map(" ".join)))
def test_no_text_gets_anything_out_or_in(
    unguarded: duckdb.DuckDBPyConnection, folder: Path, text: str
) -> None:
    text = text.replace("{0}", str(folder))
    before = snapshot(folder)
    rows: Sequence[object] = ()
    # A text that isn't let through, or that DuckDB can't run, has done nothing.
    with suppress(QueryRefused, QueryFailed, duckdb.Error):
        rows = unguarded.execute(check(unguarded, text, 10)).fetchall()
    assert SECRET not in str(rows)
    assert len(rows) <= 10
    assert snapshot(folder) == before
    assert unguarded.execute("FROM neurons").fetchall() == [(1, 2)]
    assert unguarded.execute("SELECT count(*) FROM duckdb_tables()").fetchone() == (1,)
