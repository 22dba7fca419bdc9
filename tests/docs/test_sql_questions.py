"""Every question of docs/sql.md answers, on a made-up lake, through the guard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kn_assets.database import database
from kn_assets.database.query import run
from tests.made import add_circuits, add_training, make_lake

PAGE = Path(__file__).parents[2] / "docs" / "sql.md"
QUESTIONS = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    root = tmp_path_factory.mktemp("questions")
    lake = make_lake(root, seed=3)
    add_training(root, seed=3)
    add_circuits(root)
    add_circuits(root, "tiny@step64")
    with database.connect(lake) as opened:
        yield opened


def answer(connection: duckdb.DuckDBPyConnection, *words: str) -> Any:
    """Rows as dicts of the one question whose text has all of `words`."""
    (sql,) = [q for q in QUESTIONS if all(w in q for w in words)]
    result = run(connection, sql)
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows]


def test_the_page_has_questions() -> None:
    assert len(QUESTIONS) >= 25


@pytest.mark.parametrize("sql", QUESTIONS, ids=range(len(QUESTIONS)))
def test_each_question_answers(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    result = run(connection, sql)
    assert result.columns and not result.truncated
    # Whether a neuron both fires for Japan and promotes its name is left to chance.
    assert result.rows or "neurons_for_token('tiny', 'Japan'" in sql
    if sql.startswith("DESCRIBE"):
        return  # views have no keys and defaults
    for name, values in zip(result.columns, zip(*result.rows, strict=True), strict=False):
        assert any(v is not None for v in values), name


def test_every_macro_of_the_app_is_on_the_page() -> None:
    unused = {m.name for m in database.macros() if f"{m.name}(" not in "".join(QUESTIONS)}
    helpers = {"atlas_cities", "neuron_ranks", "prompt_points"}
    assert unused == helpers


def test_first_layer_of_the_true_token(connection: duckdb.DuckDBPyConnection) -> None:
    got = answer(connection, "first_layer")
    lens = run(connection, "FROM lens('tiny', 0)").rows
    tokens = [t for (t,) in run(connection, "SELECT token FROM prompt_tokens('tiny', 0)").rows]
    assert [r["token"] for r in got] == tokens[:-1]
    assert [r["next_token"] for r in got] == tokens[1:]
    for r in got:
        said = [
            layer
            for position, layer, rank, *_, next_rank in lens
            if position == r["position"] and rank == 1 and next_rank == 1
        ]
        assert r["first_layer"] == min(said, default=None)
    assert {r["first_layer"] for r in got} - {None}


def test_capitals(connection: duckdb.DuckDBPyConnection) -> None:
    rows = run(connection, "FROM atlas_prompts('tiny')")
    capital = {r[0]: r[rows.columns.index("is_capital")] for r in rows.rows}
    fired = {}
    sql = "SELECT layer, neuron, prompt_id FROM neuron_peaks WHERE model = 'tiny'"
    for layer, neuron, prompt in run(connection, sql, max_rows=100_000).rows:
        fired.setdefault((layer, neuron), set()).add(prompt)
    capitals = {p for p, yes in capital.items() if yes}
    others = capital.keys() - capitals
    shares = {
        k: (len(v & capitals) / len(capitals), len(v & others) / len(others))
        for k, v in fired.items()
    }
    best = sorted(shares, key=lambda k: (-(shares[k][0] - shares[k][1]), k))[:10]
    got = answer(connection, "share_of_capitals")
    assert [(r["share_of_capitals"], r["share_of_others"]) for r in got] == [
        shares[k] for k in best
    ]
    assert [(r["layer"], r["neuron"]) for r in got] == best


def test_two_atlases(connection: duckdb.DuckDBPyConnection) -> None:
    rates = {}
    for model in ("tiny@step1", "tiny@step8"):
        sql = f"SELECT layer, neuron, firing_rate FROM neurons WHERE model = '{model}'"
        rates[model] = {(la, n): rate for la, n, rate in run(connection, sql).rows}
    before, after = rates.values()
    got = answer(connection, "AS before", "firing_rate")
    best = sorted(before, key=lambda k: (-abs(after[k] - before[k]), k))[:10]
    assert [(r["layer"], r["neuron"], r["before"], r["after"]) for r in got] == [
        (*k, before[k], after[k]) for k in best
    ]


def test_attention_question_sums_to_one(connection: duckdb.DuckDBPyConnection) -> None:
    got = answer(connection, "attention_weighted(")
    assert sum(r["attention"] for r in got) == pytest.approx(1, abs=1e-5)
    assert all(r["weight"] == pytest.approx(r["attention"] * r["activation"]) for r in got)
