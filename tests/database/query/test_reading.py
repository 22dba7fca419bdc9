"""Queries that are answered, and what is told of those that are wrong."""

from __future__ import annotations

import duckdb
import pytest

from kn_assets.database.query import QueryFailed, QueryRefused, QueryTimeout, QueryTooBig, run
from kn_assets.errors import KnError


@pytest.mark.parametrize(
    "sql",
    [
        "FROM heatmap('tiny', 0)",
        "SELECT * FROM neurons;",
        "SELECT 1 -- a comment at the end",
        "SELECT 1 -- a comment; with a semicolon",
        "SELECT ';' AS \"a;b\" /* ; */",
        "  \n FROM main.neurons ORDER BY firing_rate DESC LIMIT 3 ;  ",
        "WITH busy AS (FROM neurons WHERE n_fired > 3) SELECT count(*) FROM busy",
        "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r WHERE x < 5) FROM r",
        "WITH a AS MATERIALIZED (SELECT 1 AS x) FROM a UNION ALL FROM a",
        "VALUES (1), (2)",
        "TABLE neurons",
        "DESCRIBE neurons",
        "DESCRIBE SELECT layer FROM neurons",
        "SUMMARIZE neurons",
        "SHOW TABLES",
        "SELECT * FROM range(3), generate_series(1, 2) AS g(x), unnest([1, 2]) AS u(y)",
        "SELECT * FROM information_schema.columns WHERE table_name = 'neurons'",
        "SELECT layer, rank() OVER (ORDER BY firing_rate) FROM neurons QUALIFY layer = 1",
        "SELECT list_transform([1, 2], lambda x: x + 1), [y FOR y IN [1, 2]]",
        "FROM tokens PIVOT (count(*) FOR position IN (0, 1) GROUP BY prompt_id)",
        "SELECT COLUMNS('n_.*') FROM neurons",
        "SELECT n.layer FROM neurons AS n SEMI JOIN neuron_peaks AS p USING (model, layer, neuron)",
        "SELECT layer FROM neurons WHERE neuron IN (SELECT neuron FROM neuron_peaks)",
        "FROM atlases, LATERAL (SELECT atlases.n_layers + 1)",
        "FROM neurons USING SAMPLE 3",
        "SELECT sum(n_fired) FILTER (layer > 0) FROM neurons GROUP BY ROLLUP (layer)",
        "EXPLAIN FROM neurons",
    ],
)
def test_reading_queries_are_answered(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    result = run(connection, sql)
    assert result.columns and len(result.columns) == len(result.types)
    assert result.table.num_rows > 0


def test_a_result_has_names_types_and_values(connection: duckdb.DuckDBPyConnection) -> None:
    result = run(connection, "SELECT 1 AS a, 'x' AS a, [1.5]::FLOAT[] AS b ORDER BY 1")
    assert result.columns == ["a", "a_1", "b"]
    assert result.types == ["INTEGER", "VARCHAR", "FLOAT[]"]
    assert result.rows == [(1, "x", [1.5])]
    assert not result.truncated and 0 <= result.seconds < 60


def test_order_holds_and_a_cut_is_said(connection: duckdb.DuckDBPyConnection) -> None:
    cut = run(connection, "SELECT * FROM range(10) ORDER BY range DESC", max_rows=3)
    assert cut.rows == [(9,), (8,), (7,)] and cut.truncated
    whole = run(connection, "SELECT * FROM range(3) ORDER BY range DESC", max_rows=3)
    assert whole.rows == [(2,), (1,), (0,)] and not whole.truncated


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("SELECT nothing FROM neurons", "nothing"),
        ("SELEC 1", "syntax error"),
        ("SELECT 'a'::INT", "Could not convert"),
        ("FROM heatmap('tiny')", "heatmap"),
        ("PIVOT neurons ON layer USING count(*)", "only read queries"),
    ],
)
def test_a_wrong_query_is_told_what_is_wrong(
    connection: duckdb.DuckDBPyConnection, sql: str, word: str
) -> None:
    with pytest.raises(QueryFailed, match=word):
        run(connection, sql)


def test_lines_of_a_message_are_those_of_the_query(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(QueryFailed, match="LINE 2:"):
        run(connection, "SELECT\n  'x'::INT")


def test_all_errors_are_for_the_person_at_the_keyboard() -> None:
    for kind in (QueryRefused, QueryFailed, QueryTimeout, QueryTooBig):
        assert issubclass(kind, KnError)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DROP TABLE neurons", "only one SELECT that reads can be run, and this is DROP"),
        ("-- a note\ninsert into neurons values (1)", "this is INSERT"),
        ("CREATE TABLE a AS SELECT 1", "this is CREATE"),
        ("SET threads = 9", "this is SET"),
        ("ATTACH 'x.db'", "this is ATTACH"),
        ("SELECT 1; SELECT 2", "these are 2 statements"),
        ("SELECT 1; DROP TABLE neurons; SELECT 2", "these are 3 statements"),
    ],
)
def test_what_is_no_single_select_is_told_in_plain_words(
    connection: duckdb.DuckDBPyConnection, sql: str, words: str
) -> None:
    with pytest.raises(QueryRefused, match=words):
        run(connection, sql)
