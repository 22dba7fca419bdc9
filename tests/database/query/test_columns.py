"""Values that Arrow, Python or JSON would garble, and answers that would fill a server."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kn_assets.database import columns
from kn_assets.database.encoded import LONGEST_CELL, encode
from kn_assets.database.query import QueryTooBig, run
from kn_assets.database.sandbox import Sandbox
from kn_assets.lake import Lake
from tests.database.query.conftest import rows_in

ODD = {
    "340282366920938463463374607431768211455::UHUGEINT": "340282366920938463463374607431768211455",
    "'12:00:00+05'::TIMETZ": "12:00:00+05",
    "TIME '24:00:00'": "24:00:00",
    "'101'::BIT": "101",
    "DATE '300000-01-01'": "300000-01-01",
    "DATE '0044-03-15 (BC)'": "0044-03-15 (BC)",
    "'infinity'::DATE": "infinity",
    "'-infinity'::TIMESTAMP": "-infinity",
    "TIMESTAMP '2026-01-02 03:04:05.000006'": "2026-01-02 03:04:05.000006",
    "INTERVAL 14 months": "1 year 2 months",
    "1::BIGNUM": "1",
    "[TIME '24:00:00']": '["24:00:00"]',
    "{'at': '12:00:00+05'::TIMETZ}": '{"at":"12:00:00+05"}',
}


@pytest.mark.parametrize("sql", ODD)
def test_what_arrow_garbles_is_duckdbs_own_text(
    connection: duckdb.DuckDBPyConnection, sql: str
) -> None:
    found = run(connection, f"SELECT {sql} AS it, 7 AS seven")
    assert found.rows == [(ODD[sql], 7)]
    assert found.columns == ["it", "seven"]
    assert found.types[0] not in ("VARCHAR", "NULL"), "the type is still told"
    bodies = {
        form: encode(connection, f"SELECT {sql} AS it", form, 5, 30.0, 1 << 20).body
        for form in ("rows", "csv", "parquet")
    }
    assert json.loads(bodies["rows"])["rows"] == [[ODD[sql]]]
    assert list(csv.reader(bodies["csv"].decode().splitlines())) == [["it"], [ODD[sql]]]
    file = pq.read_table(pa.BufferReader(bodies["parquet"]))
    assert file.to_pylist() == [{"it": ODD[sql]}]


def test_integers_of_128_bits_stay_numbers(connection: duckdb.DuckDBPyConnection) -> None:
    largest = 170141183460469231731687303715884105727
    sql = f"SELECT sum(range) AS s, {largest}::HUGEINT AS h FROM range(10)"
    assert run(connection, sql).rows == [(45, largest)]
    assert rows_in(encode(connection, sql, "rows", 5, 30.0, 1 << 20)) == [[45, str(largest)]]
    csv_file = encode(connection, sql, "csv", 5, 30.0, 1 << 20).body.decode()
    assert csv_file == f"s,h\n45,{largest}\n"


def test_columns_of_one_name_stay_two(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT a.n, b.n FROM (SELECT 1 AS n) a, (SELECT TIME '24:00:00' AS n) b"
    assert run(connection, sql).rows == [(1, "24:00:00")]


def test_the_order_of_rows_is_the_querys(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT range AS n, TIME '24:00:00' AS t FROM range(100000) ORDER BY hash(range)"
    plain = "SELECT range AS n FROM range(100000) ORDER BY hash(range)"
    ordered = [n for (n,) in run(connection, plain, max_rows=900).rows]
    assert [n for n, _ in run(connection, sql, max_rows=900).rows] == ordered


def test_a_type_within_types_is_refused_in_a_line(connection: duckdb.DuckDBPyConnection) -> None:
    deepest = columns.DEEPEST
    for left, right in (("[", "]"), ("{'a': ", "}")):
        fine = f"SELECT {left * deepest}1{right * deepest} AS x"
        assert len(rows_in(encode(connection, fine, "rows", 5, 30.0, 1 << 20))) == 1
        for n in (deepest + 1, 300):
            with pytest.raises(columns.TypeTooDeep, match="nested more than 20 deep"):
                encode(connection, f"SELECT {left * n}1{right * n} AS x", "rows", 5, 30.0, 1 << 20)


def test_an_enums_values_are_no_depth(connection: duckdb.DuckDBPyConnection) -> None:
    found = run(connection, f"SELECT 'x'::ENUM('x', '{'(' * 40}', '[[[') AS e")
    assert found.rows == [("x",)]


@pytest.fixture(scope="module")
def sandbox(atlas: Lake) -> Iterator[Sandbox]:
    made = Sandbox(atlas, workers=1, memory_mb=512)
    yield made
    made.close()


LONG = "x" * 9000
HUGE = [
    "SELECT [true for x in range(10000000)] AS a",
    "SELECT list_resize([NULL::INTEGER], 30000000, NULL) AS a",
    f"SELECT list_resize([e], 200000, e) AS a FROM (SELECT '{LONG}'::ENUM('{LONG}') AS e)",
    "SELECT [[range(1000) for x in range(100)] for x in range(100)] AS a",
    "SELECT repeat('é', 1000000) AS a FROM range(30)",
    "SELECT range(300000) AS a FROM range(10)",
]


LARGE = [
    "SELECT [true for x in range(2000000)] AS a",
    "SELECT [[range(1000) for x in range(40)] for x in range(40)] AS a",
]
"""As the first kinds of HUGE: of several times the bytes that there may be."""


@pytest.mark.parametrize(
    "sql", [*LARGE, *(pytest.param(s, marks=pytest.mark.thorough) for s in HUGE)]
)
def test_a_huge_value_is_cut_or_refused_where_it_is_made(sandbox: Sandbox, sql: str) -> None:
    try:
        assert len(sandbox.run(sql, "rows", timeout_s=60, max_bytes=4 << 20).body) < 1 << 20
    except QueryTooBig as e:
        assert "memory limit" in str(e)
    with pytest.raises(QueryTooBig):
        sandbox.run(sql, "csv", timeout_s=60, max_bytes=1 << 20)
    assert rows_in(sandbox.run("SELECT 1 AS x")) == [[1]]


@pytest.mark.parametrize("sql", HUGE[-2:])
def test_a_long_cell_is_cut(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    for (text,) in rows_in(encode(connection, sql, "rows", 50, 30.0, 4 << 20)):
        assert len(text) == LONGEST_CELL + 1
        assert text.endswith("…")


def test_a_table_has_a_limit_in_bytes_of_json(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT repeat('x', 1000) AS a, range AS n FROM range(1000)"
    with pytest.raises(QueryTooBig, match="the result exceeds 1 MiB"):
        encode(connection, f"{sql} UNION ALL {sql}", "rows", 5000, 30.0, 1 << 20)
    assert encode(connection, f"{sql} LIMIT 900", "rows", 5000, 30.0, 1 << 20).n_rows == 900
