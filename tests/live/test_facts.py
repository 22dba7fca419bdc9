"""Facts asked on demand, against the stored tables of a run that asks them all."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from kn_assets.atlas.plan import AtlasPlan
from kn_assets.database import database
from kn_assets.errors import KnError
from kn_assets.knowledge import answers, tables
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.lake import Lake, asked, contents, locks
from kn_assets.lake import corpus as corpora
from kn_assets.lake import model as partition
from kn_assets.lake.schema import ALL, ASKED
from kn_assets.live.knowledge import LiveKnowledge
from kn_assets.progress import Progress
from tests.live.test_knowledge import KEY, lake_with_facts

ATLAS = partition(KEY)
SETTINGS = KnowledgeSettings(facts=2, known=1, steps=3)
EVERY = {
    "every_answer": "fact_answers",
    "every_attribution": "attributions",
    "every_attribution_error": "attribution_error",
    "every_knowledge_neuron": "knowledge_neurons",
    "every_intervention": "interventions",
    "every_effect": "fact_effects",
    "every_verdict": "verdicts",
}


def knows_all(table: pa.Table) -> list[int]:
    """A random model knows nothing: it is taken to know all that it is asked."""
    return sorted(set(table["fact_id"].to_pylist()))


@pytest.fixture(scope="module", autouse=True)
def known() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "known", knows_all)
        patch.setattr("kn_assets.live.questions.known", knows_all)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, dict[str, pa.Table]]:
    """A lake of which few facts were asked, and the tables of a run that asks more of them."""
    lake = lake_with_facts(tmp_path_factory.mktemp("asked"))
    plan = AtlasPlan.of(lake, KEY)
    tables.write_knowledge(plan, replace(SETTINGS, facts=4, known=4), Progress())
    wanted = {name: lake.read(ATLAS, name) for name in tables.OF_MODEL}
    tables.write_knowledge(plan, SETTINGS, Progress())
    return lake, wanted


@pytest.fixture
def lake(whole: tuple[Lake, dict[str, pa.Table]]) -> Any:
    """The lake, without what a test kept in it."""
    yield whole[0]
    for name in ASKED:
        whole[0].remove(ATLAS, name)


@pytest.fixture(scope="module")
def live(whole: tuple[Lake, dict[str, pa.Table]]) -> LiveKnowledge:
    return LiveKnowledge.of(whole[0], KEY, Progress())


def ask(live: LiveKnowledge, fact: int, **more: Any) -> dict[str, Any]:
    given = {"what": "change", "anyway": False, "final": None, "keep": True, **more}
    found: dict[str, Any] = json.loads(
        live.answer({"do": "fact", "fact": fact, **given}, Progress())
    )
    return found


def rows(lake: Lake, sql: str) -> list[dict[str, Any]]:
    with database.connect(lake, asked=set(re.findall(r"\w+", sql))) as connection:
        return connection.sql(sql).to_arrow_table().to_pylist()


def facts_of(table: pa.Table) -> set[int]:
    return set(table["fact_id"].to_pylist())


def of_fact(table: pa.Table, fact: int) -> list[dict[str, Any]]:
    return [row for row in table.to_pylist() if row["fact_id"] == fact]


def test_a_fact_that_was_attributed_in_advance_gives_its_stored_rows(
    whole: tuple[Lake, dict[str, pa.Table]], lake: Lake, live: LiveKnowledge
) -> None:
    fact = max(facts_of(lake.read(ATLAS, "attribution_error")))
    ask(live, fact)
    for name, like in asked.LIKE.items():
        stored = of_fact(lake.read(ATLAS, like), fact)
        made = of_fact(lake.read(ATLAS, name), fact)
        assert stored, name
        got = [{column: row[column] for column in ALL[like].names} for row in made]
        if like == "fact_answers":  # other batches: sums in another order
            assert [near(row) for row in got] == [near(row) for row in stored]
        else:
            assert got == stored


def near(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: pytest.approx(value, rel=1e-4) if isinstance(value, float) else value
        for name, value in row.items()
        if name != "top_probabilities"
    }


def test_a_fact_on_demand_is_as_a_run_that_asks_more_makes_it(
    whole: tuple[Lake, dict[str, pa.Table]], lake: Lake, live: LiveKnowledge
) -> None:
    wanted = whole[1]
    fact = min(facts_of(wanted["attributions"]) - facts_of(lake.read(ATLAS, "fact_answers")))
    assert rows(lake, f"FROM every_answer WHERE fact_id = {fact}") == []
    told = ask(live, fact)
    for name in ("every_answer", "every_attribution", "every_attribution_error"):
        got = rows(lake, f"SELECT * EXCLUDE (model) FROM {name} WHERE fact_id = {fact}")
        assert all(row.pop("on_demand") for row in got)
        stored = of_fact(wanted[EVERY[name]], fact)
        assert [near(row) for row in got] == [near(row) for row in stored]
    assert told["n_prompts"] == len(of_fact(wanted["fact_answers"], fact))
    # The share of the relation is that of the stored run, which attributed fewer facts.
    (row,) = rows(lake, f"FROM asked_facts WHERE fact_id = {fact}")
    assert (row["share_of"], row["attributed"], row["what"]) == ("relation", True, "change")
    counts: dict[tuple[int, int], int] = {}
    largest = {}
    for a in of_fact(wanted["attributions"], fact):
        largest[a["prompt"]] = max(largest.get(a["prompt"], 0.0), a["score"])
    for a in of_fact(wanted["attributions"], fact):
        if a["score"] >= 0.2 * largest[a["prompt"]]:
            place = (a["layer"], a["neuron"])
            counts[place] = counts.get(place, 0) + 1
    enough = {p for p, n in counts.items() if n / told["n_prompts"] >= row["share"] - 1e-6}
    assert {(n[0], n[1]) for n in told["neurons"]} == enough
    (listed,) = [r for r in rows(lake, f"FROM model_facts('{KEY}')") if r["fact_id"] == fact]
    assert listed["on_demand"] and listed["n_neurons"] == len(enough)
    assert fact not in {r["fact_id"] for r in rows(lake, f"FROM known_facts('{KEY}')")}


def test_stored_rows_come_before_those_made_on_demand(lake: Lake, live: LiveKnowledge) -> None:
    fact = max(facts_of(lake.read(ATLAS, "attribution_error")))
    names = ("every_answer", "every_attribution", "every_verdict")
    before = {n: rows(lake, f"FROM {n} WHERE fact_id = {fact}") for n in names}
    ask(live, fact)
    assert all(before.values())
    assert {n: rows(lake, f"FROM {n} WHERE fact_id = {fact}") for n in names} == before


def test_the_last_asking_counts(lake: Lake, live: LiveKnowledge) -> None:
    fact = unasked(lake)
    ask(live, fact, what="ask")
    n = len(rows(lake, f"FROM every_answer WHERE fact_id = {fact}"))
    assert rows(lake, f"FROM every_attribution WHERE fact_id = {fact}") == []
    ask(live, fact)
    assert len(rows(lake, f"FROM every_answer WHERE fact_id = {fact}")) == n > 0
    assert rows(lake, f"FROM every_attribution WHERE fact_id = {fact}")
    assert len(rows(lake, "FROM asked_facts")) == 1


def unasked(lake: Lake, i: int = 0) -> int:
    told = lake.read(corpora("cities"), "facts")
    left = sorted(facts_of(told) - facts_of(lake.read(ATLAS, "fact_answers")))
    return left[i]


def test_a_sentence_of_ones_own_is_kept_under_a_number_of_its_own(
    lake: Lake, live: LiveKnowledge
) -> None:
    own = {"text": "Kabul is the capital of", "answer": "Japan"}
    told = ask(live, None, **own)  # type: ignore[arg-type]
    assert told["n_prompts"] == 1 and told["share_of"] == "fact"
    fact = asked.own_id(own["text"], own["answer"])
    assert fact < 0
    (row,) = rows(lake, "FROM asked_facts")
    assert {k: row[k] for k in own} == own and row["fact_id"] == fact
    assert len(rows(lake, f"FROM every_answer WHERE fact_id = {fact}")) == 1
    found = rows(lake, f"FROM fact_attributions('{KEY}', {fact})")
    assert found and found[0]["share"] == 1


def test_other_facts_hide_them_and_the_app_of_others_keeps_nothing(
    lake: Lake, live: LiveKnowledge
) -> None:
    fact = unasked(lake)
    ask(live, fact, keep=False)
    assert lake.meta(ATLAS, asked.FACTS) is None
    ask(live, fact)
    place = corpora("cities")
    kept = {t: lake.read(place, t) for t in ("facts", "fact_prompts")}
    notes = {t: lake.meta(place, t)["fingerprint"] for t in kept}  # type: ignore[index]
    try:
        for table, now in kept.items():
            at = now.column_names.index("fact_set")
            other = now.set_column(at, "fact_set", pa.array(["another"] * len(now)))
            lake.write(place, table, other, "another")
        assert rows(lake, "FROM every_answer WHERE on_demand") == []
        assert asked.kept(lake, ATLAS, fact, "another") is None
    finally:
        for table, now in kept.items():
            lake.write(place, table, now, notes[table])
    assert rows(lake, "FROM every_answer WHERE on_demand")


def test_those_of_other_weights_are_ignored_and_cleared_by_the_next(
    lake: Lake, live: LiveKnowledge
) -> None:
    first, second = unasked(lake), unasked(lake, 1)
    ask(live, first)
    note = lake.meta(ATLAS, "atlases") or {}
    try:
        lake.note(ATLAS, "atlases", {"weights": "others"})
        assert rows(lake, "FROM every_answer WHERE on_demand") == []
        ask(live, second)
        assert {r["fact_id"] for r in rows(lake, "FROM asked_facts")} == {second}
        assert facts_of(lake.read(ATLAS, "asked_answers")) == {second}
        with pytest.raises(KnError, match="other weights meanwhile"):
            asked.keep(lake, ATLAS, {"fact_id": first}, {}, "of the weights before")
    finally:
        lake.note(ATLAS, "atlases", {"weights": note["weights"]})


@pytest.mark.parametrize("at", [0, 4, 7])
def test_a_kill_while_keeping_leaves_nothing_that_shows(
    lake: Lake, live: LiveKnowledge, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    first, second = unasked(lake), unasked(lake, 1)
    ask(live, first)
    shown = rows(lake, "FROM every_answer WHERE on_demand")
    left, put = [at], asked._put

    def killed(*given: Any) -> None:
        if left[0] == 0:
            raise KeyboardInterrupt
        left[0] -= 1
        put(*given)

    monkeypatch.setattr(asked, "_put", killed)
    with pytest.raises(KeyboardInterrupt):
        ask(live, second)
    assert rows(lake, "FROM every_answer WHERE on_demand") == shown
    assert rows(lake, f"FROM every_attribution WHERE fact_id = {second}") == []
    assert all(lake.damage(ATLAS, name) is None for name in ASKED)
    monkeypatch.setattr(asked, "_put", put)
    ask(live, second)
    assert {r["fact_id"] for r in rows(lake, "FROM asked_facts")} == {first, second}


def test_a_damaged_file_is_told_and_costs_its_own_fact_alone(
    lake: Lake, live: LiveKnowledge
) -> None:
    first, second, third = (unasked(lake, i) for i in range(3))
    ask(live, first)
    ask(live, second)
    (file,) = lake.table(ATLAS, "asked_attributions").glob(f"fact-{second}-*.parquet")
    file.write_bytes(file.read_bytes()[:-3])
    words = lake.damage(ATLAS, "asked_attributions") or ""
    assert file.name in words
    with pytest.raises(KnError, match=r"asked_attributions of tiny is damaged .*mends it"):
        lake.read(ATLAS, "asked_attributions")
    assert rows(lake, "FROM asked_facts") == [], "no part of them shows without the others"
    ask(live, third)
    assert {r["fact_id"] for r in rows(lake, "FROM asked_facts")} == {first, third}
    assert all(lake.damage(ATLAS, name) is None for name in ASKED)


def test_it_waits_for_no_run(lake: Lake, live: LiveKnowledge) -> None:
    code = (
        "import sys; from kn_assets.lake import locks; from pathlib import Path;"
        f"w = locks.writing(Path({str(lake.root)!r})); w.__enter__(); print('held', flush=True);"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout and other.stdout.readline() == "held\n"
        with pytest.raises(KnError, match="is writing to"), locks.writing(lake.root, wait=False):
            pass
        ask(live, unasked(lake))
        assert other.stdin
        other.stdin.close()
    assert len(rows(lake, "FROM asked_facts")) == 1
    assert contents.added(lake.table(ATLAS, asked.FACTS))
