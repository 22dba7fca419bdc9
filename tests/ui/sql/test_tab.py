"""The SQL tab through the app itself: traps, endless queries, hungry ones, many at once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from kn_assets.lake import Lake
from tests.ui.asking import finished, over
from ui.api import Api
from ui.app import TABS
from ui.context import Context
from ui.runs.sql import SHARED, Limits

TRAPS = (
    "COPY (SELECT 1) TO '{target}'",
    "WITH x AS (COPY (SELECT 1) TO '{target}') SELECT 1",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{target}'",
    "SELECT json_execute_serialized_sql(json_serialize_sql('COPY (SELECT 1) TO ''{target}'''))",
    "FROM query('COPY (SELECT 1) TO ''{target}''')",
    "SELECT 1; COPY (SELECT 1) TO '{target}'",
    "CREATE TEMP TABLE t AS SELECT 1",
    "CREATE TEMP VIEW cities AS SELECT 1",
    "CHECKPOINT",
    "ATTACH '{target}'",
    "SET memory_limit = '100GB'",
    "FROM read_text('/etc/passwd')",
    "FROM '/etc/passwd'",
    "FROM glob('/*')",
    "SELECT getenv('PATH')",
    "INSTALL httpfs",
    "",
)


class Asker:
    """The SQL tab without its page: calls the server's functions as the page does."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}gradio_api/component_server"
        config = httpx.get(f"{url}config", timeout=30).json()
        (self.bar,) = [
            c["id"] for c in config["components"] if c["props"].get("elem_id") == "kn-bar"
        ]

    def call(self, function: str, **asked: Any) -> dict[str, Any]:
        body = {
            "component_id": self.bar,
            "fn_name": function,
            "data": asked,
            "session_hash": "one",
        }
        answer = httpx.post(self.url, json=body, timeout=60).raise_for_status().json()
        return json.loads(answer)

    def ask(self, sql: str, page: str = "one") -> dict[str, Any]:
        """The result of a query; where it fails, its state, which holds the `error`."""
        state = self.call("job_start", name="sql", arguments={"sql": sql}, page=page)
        while state["state"] in ("waiting", "running"):
            seen = json.dumps(state, ensure_ascii=False, separators=(",", ":"))
            state = self.call("job_look", job=state["job"], seen=seen)
        return tabled(state.get("result", state))


def tabled(result: dict[str, Any]) -> dict[str, Any]:
    """A result with what its table holds."""
    return {**result, **json.loads(result.get("table", "{}"))}


@pytest.fixture(scope="module")
def asker(serve: Callable[..., str], lake: Lake) -> Asker:
    return Asker(serve(lake, limits={"limits": Limits(rows=10, seconds=1.0, memory_mb=512)}))


def test_no_trap_gets_through(asker: Asker, tmp_path: Path) -> None:
    target = tmp_path / "stolen"
    for sql in TRAPS:
        answer = asker.ask(sql.format(target=target))
        assert "error" in answer, sql
        assert "\n\n\n" not in answer["error"]
    assert not target.exists()
    assert asker.ask("SELECT 1 AS n")["rows"] == [[1]]


def test_an_endless_query_and_a_hungry_one_are_stopped(asker: Asker) -> None:
    endless = "SELECT count(*) FROM range(100000000000) a, range(1000) b"
    assert "time limit of 1 s" in asker.ask(endless)["error"]
    assert "memory" in asker.ask("SELECT list_sum(range(2000000000))")["error"]
    assert asker.ask("SELECT 1 AS n")["rows"] == [[1]]


def test_fifty_at_once_all_get_their_own_answer(asker: Asker) -> None:
    def one(i: int) -> list[list[int]]:
        return asker.ask(f"SELECT {i} AS n", page=f"page{i}")["rows"]

    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(one, range(50))) == [[[i]] for i in range(50)]


ENDLESS = "SELECT count(*) FROM range(100000000000) a, range(1000) b"


def test_a_person_has_few_queries_at_a_time(made: Lake) -> None:
    api = Api(Context(made, limits=Limits(seconds=1.0, each=1)), TABS)
    mine, _ = api.start("sql", {"sql": ENDLESS}, "me")
    refused, state = api.start("sql", {"sql": ENDLESS}, "me")
    yours, _ = api.start("sql", {"sql": ENDLESS}, "you")
    assert mine and yours and refused is None
    assert "1 of your runs aren't over yet" in json.loads(state)["error"]
    with ThreadPoolExecutor() as pages:  # a run whose page doesn't ask for it ends
        for ended in pages.map(lambda run: over(api, run), (mine, yours)):
            assert "time limit of 1 s" in ended["error"]
    api.context.close()


def test_endless_queries_keep_no_short_one_waiting(made: Lake) -> None:
    """Where strangers ask: those of as many people as there are workers, again and again."""
    limits = replace(SHARED, seconds=2.0, quick=0.5)
    api = Api(Context(made, limits=limits, shared=True), TABS)
    finished(api, "sql", sql="SELECT 1")  # the processes are there
    with ThreadPoolExecutor(4) as bad:
        runs = [
            bad.submit(over, api, api.start("sql", {"sql": ENDLESS}, f"bad{n}")[0])
            for n in range(4)
        ]
        time.sleep(2.0)  # each had its half a second
        for n in range(5):
            begun = time.monotonic()
            answer = finished(api, "sql", sql=f"SELECT {n} AS n")
            assert tabled(answer["result"])["rows"] == [[n]]
            assert time.monotonic() - begun < 2.0
        assert sum(run.done() for run in runs) < 2, "they were under way meanwhile"
        assert ["time limit of 2 s" in run.result()["error"] for run in runs] == [True] * 4
    api.context.close()


def test_a_cancelled_query_ends_at_once(made: Lake) -> None:
    api = Api(Context(made, limits=Limits(seconds=600)), TABS)
    ticket, _ = api.start("sql", {"sql": ENDLESS}, "me")
    assert ticket
    api.cancel(ticket)
    answers = [finished(api, "sql", sql=f"SELECT {i} AS n") for i in range(3)]
    assert [tabled(a["result"])["rows"] for a in answers] == [[[0]], [[1]], [[2]]]
    api.context.close()


def test_values_that_javascript_garbles_come_as_text(asker: Asker) -> None:
    answer = asker.ask(
        "SELECT 9007199254740993 AS big, 'nan'::DOUBLE AS nan, DATE '2026-01-02' AS day, "
        "'\\xAA'::BLOB AS blob, [1, NULL] AS list, {'a': 'x'} AS struct, NULL AS nothing"
    )
    assert answer["rows"] == [
        ["9007199254740993", "nan", "2026-01-02", "aa", "[1,null]", '{"a":"x"}', None]
    ]


def test_rows_over_the_limit_are_cut_and_said(asker: Asker) -> None:
    assert asker.ask("FROM range(10)")["cut"] is False
    answer = asker.ask("FROM range(11)")
    assert (len(answer["rows"]), answer["cut"]) == (10, True)
