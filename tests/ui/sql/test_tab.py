"""The SQL tab through the app itself: traps, endless queries, hungry ones, many at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from kn_assets.lake import Lake
from ui.runs.sql import Limits, SqlTab

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
    """The SQL tab without its page: joins Gradio's queue as the page does."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}gradio_api/"
        config = httpx.get(f"{url}config", timeout=30).json()
        (self.event,) = [d["id"] for d in config["dependencies"] if d["targets"][0][1] == "run"]

    def ask(self, sql: str, session: str = "one", ask: int = 1) -> dict[str, Any]:
        body = {
            "data": [],
            "fn_index": self.event,
            "session_hash": session,
            "event_data": {"sql": sql, "ask": ask},
        }
        with httpx.Client(base_url=self.url, timeout=60) as client:
            client.post("queue/join", json=body).raise_for_status()
            with client.stream("GET", "queue/data", params={"session_hash": session}) as stream:
                for line in stream.iter_lines():
                    message = json.loads(line.removeprefix("data: ")) if line else {}
                    if message.get("msg") == "process_completed":
                        break
                else:
                    raise AssertionError("the queue ended without an answer")
        assert message["success"], message
        return json.loads(message["output"]["data"][0])


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
        answer = asker.ask(f"SELECT {i} AS n", session=f"session{i}", ask=i)
        assert answer["ask"] == i
        return answer["rows"]

    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(one, range(50))) == [[[i]] for i in range(50)]


def test_one_person_runs_one_query_at_a_time(lake: Lake) -> None:
    tab = SqlTab(lake, Limits(seconds=1.0))
    slow = {"sql": "SELECT count(*) FROM range(100000000000) a, range(1000) b"}
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(tab.run, slow, user) for user in ("me", "me", "you")]
        errors = sorted(json.loads(answer.result())["error"] for answer in asked)
    tab.close()
    assert ["time limit of 1 s" in e for e in errors] == [True, True, False]
    assert "last query is still running" in errors[2]


def test_values_that_javascript_garbles_come_as_text(asker: Asker) -> None:
    answer = asker.ask(
        "SELECT 9007199254740993 AS big, 'nan'::DOUBLE AS nan, DATE '2026-01-02' AS day, "
        "'\\xAA'::BLOB AS blob, [1, NULL] AS list, {'a': 'x'} AS struct, NULL AS nothing"
    )
    assert answer["rows"] == [
        ["9007199254740993", "nan", "2026-01-02", "aa", [1, None], {"a": "x"}, None]
    ]


def test_rows_over_the_limit_are_cut_and_said(asker: Asker) -> None:
    assert asker.ask("FROM range(10)")["cut"] is False
    answer = asker.ask("FROM range(11)")
    assert (len(answer["rows"]), answer["cut"]) == (10, True)
