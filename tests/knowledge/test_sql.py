"""The macros about facts, against values computed here from the tables' Arrow."""

from functools import cache

import duckdb
import pytest

from kn_assets import lake
from kn_assets.database import database
from kn_assets.lake import Lake
from kn_assets.lake.schema import KNOWLEDGE
from tests.made import make_lake

MODEL, CORPUS = lake.model("tiny"), lake.corpus("made")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    root = tmp_path_factory.mktemp("facts")
    make_lake(root, model="other", seed=1)
    return make_lake(root, seed=2)


@cache
def connected(made: Lake) -> duckdb.DuckDBPyConnection:
    """One database for all tests: they write nothing."""
    return database.connect(made)


def ask(made: Lake, sql: str) -> list[dict]:
    return connected(made).sql(sql).to_arrow_table().to_pylist()


@pytest.mark.parametrize("name", KNOWLEDGE)
def test_a_view_holds_its_table(made: Lake, name: str) -> None:
    where = CORPUS if KNOWLEDGE[name].kind == "corpus" else MODEL
    wanted = made.read(where, name).to_pylist()
    got = ask(made, f"FROM {name} WHERE {where.kind} = '{where.key}'")
    assert len(wanted) > 5
    assert [{k: v for k, v in row.items() if k != where.kind} for row in got] == wanted
    key = KNOWLEDGE[name].key
    keys = [tuple(row[c] for c in key) for row in wanted]
    assert keys == sorted(set(keys))


def test_fact_neurons(made: Lake) -> None:
    rows = made.read(MODEL, "knowledge_neurons").to_pylist()
    fact = rows[0]["fact_id"]
    wanted = sorted((r for r in rows if r["fact_id"] == fact), key=lambda r: -r["score"])
    rate = {(r["layer"], r["neuron"]): r for r in made.read(MODEL, "neurons").to_pylist()}
    promoted: dict[tuple[int, int], list[str]] = {}
    for r in made.read(MODEL, "neuron_vocabulary").to_pylist():
        if r["sign"] == 1:
            promoted.setdefault((r["layer"], r["neuron"]), []).append(r["token"])
    got = ask(made, f"FROM fact_neurons('tiny', {fact})")
    assert [(r["layer"], r["neuron"], r["share"], r["score"]) for r in got] == [
        (r["layer"], r["neuron"], r["share"], r["score"]) for r in wanted
    ]
    for r in got:
        place = (r["layer"], r["neuron"])
        assert r["firing_rate"] == rate[place]["firing_rate"]
        assert r["promotes"] == promoted[place]
    assert len(got) > 1
    assert ask(made, "FROM fact_neurons('tiny', 999999)") == []


def test_model_facts(made: Lake) -> None:
    told = {r["fact_id"]: r for r in made.read(CORPUS, "facts").to_pylist()}
    answers = made.read(MODEL, "fact_answers").to_pylist()
    neurons = made.read(MODEL, "knowledge_neurons")["fact_id"].to_pylist()
    got = ask(made, "FROM model_facts('tiny')")
    assert [r["fact_id"] for r in got] == sorted({a["fact_id"] for a in answers})
    for r in got:
        own = [a for a in answers if a["fact_id"] == r["fact_id"]]
        assert {k: r[k] for k in ("relation", "subject", "object", "city_id")} == {
            k: told[r["fact_id"]][k] for k in ("relation", "subject", "object", "city_id")
        }
        assert (r["n_prompts"], r["n_correct"]) == (len(own), sum(a["greedy"] for a in own))
        mean = sum(a["probability"] for a in own) / len(own)
        assert r["mean_probability"] == pytest.approx(mean)
        assert r["n_neurons"] == neurons.count(r["fact_id"])


def test_concept_neurons(made: Lake) -> None:
    rows = [
        r
        for r in made.read(MODEL, "neuron_concepts").to_pylist()
        if (r["attribute"], r["value"]) == ("continent", "Asia")
    ]
    rows.sort(key=lambda r: (-r["auroc_low"], r["q_value"], r["layer"], r["neuron"]))
    got = ask(made, "FROM concept_neurons('tiny', 'ÁSIA', k := 7)")
    assert got == rows[:7]
    assert len(got) == 7
    assert ask(made, "FROM concept_neurons('tiny', 'asia', 'Continent')") == rows[:20]
    assert ask(made, "FROM concept_neurons('tiny', 'asia', 'country')") == []
