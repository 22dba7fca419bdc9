"""A result as a table, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json

import duckdb
import pytest

from kn_assets.database import query
from kn_assets.database.query import run
from kn_assets.errors import KnError
from kn_assets.lake import Lake

AWKWARD = (
    "SELECT * FROM (VALUES "
    "(1::TINYINT, 1.5::DOUBLE, 'a,\"b\"', [1.5, NULL]::FLOAT[], true, NULL), "
    "(2, 'nan'::DOUBLE, E'tab\\tline\\n', [], false, {'k': 1})"
    ") AS t(i, d, s, l, b, n)"
)


def test_json_is_a_list_of_objects_without_nan(connection: duckdb.DuckDBPyConnection) -> None:
    told = json.loads(query.format_result(run(connection, AWKWARD), "json"))
    assert told == [
        {"i": 1, "d": 1.5, "s": 'a,"b"', "l": [1.5, None], "b": True, "n": None},
        {"i": 2, "d": None, "s": "tab\tline\n", "l": [], "b": False, "n": {"k": 1}},
    ]


def test_csv_reads_back(connection: duckdb.DuckDBPyConnection) -> None:
    told = query.format_result(run(connection, AWKWARD), "csv")
    got = list(csv.reader(io.StringIO(told)))
    assert got == [
        ["i", "d", "s", "l", "b", "n"],
        ["1", "1.5", 'a,"b"', "[1.5, null]", "True", ""],
        ["2", "", "tab\tline\n", "[]", "False", '{"k": 1}'],
    ]


def test_a_table_is_aligned_and_shows_no_control_characters(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    sql = (
        "SELECT * FROM (VALUES (1, '東京', 'x'), (22, e'\\x1b[31m', 'y'), "
        "(3, chr(8238) || 'z', 'w')) AS t(n, name, z)"
    )
    told = query.format_result(run(connection, sql), "table").splitlines()
    assert told == [
        " n  name      z",
        "--  --------  -",
        " 1  東京      x",
        "22  \\x1b[31m  y",
        " 3  \\u202ez   w",
    ]


def test_marks_above_and_below_letters_take_no_column(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    columns = {"สวัสดี": 4, "नमस्ते": 4, "e\u0301": 1, "東京": 4}
    rows = ", ".join(f"('{name}', 'x')" for name in columns)
    told = query.format_result(
        run(connection, f"SELECT * FROM (VALUES {rows}) AS t(name, z)"), "table"
    ).splitlines()
    assert told[2:] == [f"{name}{' ' * (4 - n)}  x" for name, n in columns.items()]


def test_long_cells_are_cut_in_the_table_alone(connection: duckdb.DuckDBPyConnection) -> None:
    result = run(connection, "SELECT repeat('x', 200) AS x")
    assert query.format_result(result, "table").splitlines()[2] == "x" * 59 + "…"
    assert "x" * 200 in query.format_result(result, "csv")


def test_a_plan_is_drawn_as_it_is(connection: duckdb.DuckDBPyConnection) -> None:
    told = query.format_result(run(connection, "EXPLAIN FROM neurons"), "table")
    assert "Read Parquet" in told or "READ_PARQUET" in told
    assert "\\n" not in told


def test_numbers_beyond_64_bits_and_decimals_stay_numbers(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    sql = "SELECT sum(range) AS s, 1.25::DECIMAL(5, 2) AS d FROM range(10)"
    assert json.loads(query.format_result(run(connection, sql), "json")) == [{"s": 45, "d": 1.25}]


def test_an_unknown_format_is_one_clear_line(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(KnError, match="table, csv, json"):
        query.format_result(run(connection, "SELECT 1"), "xml")


def test_main_query_prints_rows_and_notes_apart(
    atlas: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    query.main_query(atlas, "SELECT * FROM range(5)", "csv", max_rows=2)
    told = capsys.readouterr()
    assert told.out == "range\n0\n1\n"
    assert told.err.startswith("first 2 rows of more, in ")
    query.main_query(atlas, "FROM atlases", "json")
    assert json.loads(capsys.readouterr().out)[0]["model"] == "tiny"
