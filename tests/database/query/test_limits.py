"""Limits of time, rows and memory; the processes that can be killed."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kn_assets.database import database
from kn_assets.database.query import QueryFailed, QueryRefused, QueryTimeout, QueryTooBig, run
from kn_assets.database.sandbox import Sandbox
from kn_assets.lake import Lake
from kn_assets.processes import Stopped
from tests.database.query.conftest import rows_in
from tests.made import make_lake

ENDLESS = [
    "SELECT count(*) FROM range(100000000000)",
    "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM t) SELECT count(*) FROM t",
    "SELECT count(*) FROM activations a, activations b, activations c, activations d",
]


@pytest.mark.parametrize("sql", ENDLESS)
def test_an_endless_query_is_stopped_and_the_next_one_answered(
    connection: duckdb.DuckDBPyConnection, sql: str
) -> None:
    with pytest.raises(QueryTimeout, match=r"0\.5 s"):
        run(connection, sql, timeout_s=0.5)
    assert run(connection, "SELECT 1 AS x").rows == [(1,)]


def test_only_the_slow_query_is_stopped(connection: duckdb.DuckDBPyConnection) -> None:
    for seconds in (1, 5, 25):  # until a quick one is answered meanwhile
        answers: list[QueryTimeout] = []

        def slow(seconds: float = seconds, answers: list[QueryTimeout] = answers) -> Any:
            try:
                run(connection, ENDLESS[0], timeout_s=seconds)
            except QueryTimeout as e:
                answers.append(e)

        thread = threading.Thread(target=slow)
        thread.start()
        quick = 0
        while thread.is_alive():
            assert run(connection, "SELECT count(*) FROM neurons").rows == [(120,)]
            quick += thread.is_alive()
        thread.join()
        assert len(answers) == 1
        if quick > 1:
            break
    assert quick > 1


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT list(hash(range)) FROM range(200000000)",
        "SELECT repeat('x', 200000000)",
        "SELECT repeat('x', 100000) FROM range(900)",
        "SELECT count(DISTINCT hash(range)) FROM range(100000000)",
    ],
)
def test_a_greedy_query_is_refused_and_the_next_one_answered(
    connection: duckdb.DuckDBPyConnection, sql: str
) -> None:
    with pytest.raises(QueryTooBig):
        run(connection, sql, timeout_s=250)
    assert run(connection, "SELECT 1 AS x").rows == [(1,)]


def test_many_at_once_each_get_their_own_answer(connection: duckdb.DuckDBPyConnection) -> None:
    answers: list[Any] = [None] * 50

    def ask(i: int) -> Any:
        answers[i] = run(connection, f"SELECT {i} AS i, count(*) FROM neurons").rows

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[(i, 120)] for i in range(50)]


@pytest.fixture(scope="module")
def sandbox(atlas: Lake) -> Iterator[Sandbox]:
    made = Sandbox(atlas, workers=2, memory_mb=512)
    yield made
    made.close()


def test_the_sandbox_answers_as_run_does(
    connection: duckdb.DuckDBPyConnection, sandbox: Sandbox
) -> None:
    sql = "SELECT *, [layer, neuron] AS id, NULL AS none FROM neurons ORDER BY firing_rate DESC"
    mine, theirs = run(connection, sql, max_rows=7), sandbox.run(sql, max_rows=7)
    told = json.loads(theirs.body)
    assert (told["columns"], told["types"]) == (mine.columns, mine.types)
    *columns, ids, none = zip(*rows_in(theirs), strict=True)
    *wanted, pairs, _ = zip(*mine.rows, strict=True)
    assert columns == wanted
    assert [json.loads(pair) for pair in ids] == list(pairs)
    assert set(none) == {None}
    assert (theirs.truncated, theirs.n_rows) == (True, 7)
    file = sandbox.run(sql, "parquet", max_rows=7).body
    assert pq.read_table(pa.BufferReader(file)).to_pylist() == mine.table.to_pylist()
    lines = list(csv.DictReader(sandbox.run(sql, "csv", max_rows=7).body.decode().splitlines()))
    assert [line["neuron"] for line in lines] == [
        str(row["neuron"]) for row in mine.table.to_pylist()
    ]


def test_the_sandbox_tells_the_same_errors(sandbox: Sandbox) -> None:
    with pytest.raises(QueryRefused, match="empty"):
        sandbox.run("")
    with pytest.raises(QueryRefused, match="getenv"):
        sandbox.run("SELECT getenv('PATH')")
    with pytest.raises(QueryFailed, match="nothing"):
        sandbox.run("SELECT nothing FROM neurons")
    with pytest.raises(QueryTimeout):
        sandbox.run(ENDLESS[0], timeout_s=0.5)
    assert rows_in(sandbox.run("SELECT 1 AS x")) == [[1]]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT levenshtein(repeat('a', 300000), repeat('b', 300000))",  # can't be interrupted
        "SELECT list_sum(range(2000000000))",  # takes all memory whatever DuckDB's limit is
        *(
            pytest.param(further, marks=pytest.mark.thorough)
            for further in (
                "SELECT list_sort(list_transform(range(50000000), lambda x: hash(x)))[1]",
                "SELECT length(regexp_replace(repeat('a', 90000000), 'a', 'bbbbbbbbbbbbbbb', 'g'))",
            )
        ),
    ],
)
def test_the_sandbox_survives_what_duckdb_does_not(sandbox: Sandbox, sql: str) -> None:
    started = time.monotonic()
    with pytest.raises((QueryTimeout, QueryTooBig)):
        sandbox.run(sql, timeout_s=1)
    assert time.monotonic() - started < 60
    assert rows_in(sandbox.run("SELECT count(*) FROM neurons")) == [[120]]


def test_fifty_at_once_share_the_sandbox(sandbox: Sandbox) -> None:
    answers: list[Any] = [None] * 50

    def ask(i: int) -> Any:
        answers[i] = rows_in(sandbox.run(f"SELECT {i} AS i"))

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[[i]] for i in range(50)]


def test_a_killed_worker_is_replaced(sandbox: Sandbox) -> None:
    for worker in sandbox._all:
        worker.start()
        worker._running.process.kill()
        worker._running.process.wait()
    assert [rows_in(sandbox.run("SELECT 1 AS x")) for _ in range(3)] == [[[1]]] * 3


def test_the_sandbox_notices_new_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = Sandbox(Lake(tmp_path), workers=1)
    try:
        assert rows_in(sandbox.run("FROM atlases")) == []
        make_lake(tmp_path, model="late")
        time.sleep(database.LOOK_AGAIN_S)
        assert rows_in(sandbox.run("SELECT model FROM atlases")) == [["late"]]
    finally:
        sandbox.close()


def test_a_cancelled_query_is_killed_and_the_next_one_answered(atlas: Lake) -> None:
    sandbox = Sandbox(atlas, workers=1, memory_mb=512)
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    started = time.monotonic()
    try:
        with pytest.raises(Stopped):
            sandbox.run(ENDLESS[0], timeout_s=300, stop=stop)
        assert time.monotonic() - started < 60
        assert rows_in(sandbox.run("SELECT 1 AS x")) == [[1]]
    finally:
        sandbox.close()


def test_a_limit_on_the_servers_memory_is_kept(atlas: Lake) -> None:
    """`prlimit --as`: what its processes take can't be more."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30));"
        "from kn_assets.database.sandbox import Sandbox; from kn_assets.lake import Lake;"
        "box = Sandbox(Lake(sys.argv[1]), workers=1, memory_mb=2048);"
        "print(box.run('SELECT count(*) AS n FROM atlases').body.decode()); box.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(atlas.root)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == [[1]]
