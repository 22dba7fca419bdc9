"""The answers of the tab Knowledge against the tables."""

from __future__ import annotations

import pytest

from kn_assets import lake as lakes
from kn_assets.database.database import Database
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from tests.ui.knowledge.page import FACT, MODEL, read
from ui.knowledge import view


def test_facts_are_found_by_subject_object_and_relation(told: Lake, data: Database) -> None:
    facts = told.read(lakes.corpus("made"), "facts").to_pylist()
    every = view.facts(data, MODEL, "", 0, 500)
    assert every["total"] == len(every["rows"]) == len(facts)
    paged = [
        row["fact_id"]
        for offset in range(0, len(facts), 7)
        for row in view.facts(data, MODEL, "", offset, 7)["rows"]
    ]
    assert paged == [row["fact_id"] for row in every["rows"]]
    for text in ("SAO PAULO", "japan", "city-continent", "lodz"):
        from_view = {r["fact_id"] for r in view.facts(data, MODEL, text, 0, 500)["rows"]}
        folded = {"SAO PAULO": "São Paulo", "lodz": "Łódź"}.get(text, text).casefold()
        wanted = {
            f["fact_id"]
            for f in facts
            if any(folded in f[k].casefold() for k in ("subject", "object", "relation"))
        }
        assert from_view == wanted and wanted
    answers = read(told, "fact_answers", fact_id=FACT)
    (row,) = [r for r in every["rows"] if r["fact_id"] == FACT]
    assert row["n_correct"] == sum(a["greedy"] for a in answers)
    assert row["known"] == (2 * row["n_correct"] >= len(answers))
    asked = {a["fact_id"] for a in read(told, "fact_answers")}
    assert {r["fact_id"] for r in every["rows"] if r["known"] is not None} == asked


def test_a_fact_comes_with_its_prompts_neurons_and_interventions(
    told: Lake, data: Database
) -> None:
    found = view.fact(data, MODEL, FACT)
    assert found["missing"] is None
    answers = {a["prompt"]: a for a in read(told, "fact_answers", fact_id=FACT)}
    prompts = told.read(lakes.corpus("made"), "fact_prompts").to_pylist()
    assert [p["text"] for p in found["prompts"]] == [
        p["text"] for p in prompts if p["fact_id"] == FACT
    ]
    for prompt in found["prompts"]:
        assert prompt["rank"] == answers[prompt["prompt"]]["rank"]
        assert prompt["top"] == answers[prompt["prompt"]]["top"]
    scores: dict[tuple[int, int], float] = {}
    for row in read(told, "attributions", fact_id=FACT):
        key = row["layer"], row["neuron"]
        scores[key] = scores.get(key, 0) + row["score"] / len(answers)
    assert {(n["layer"], n["neuron"]): n["score"] for n in found["neurons"]} == pytest.approx(
        scores
    )
    assert [n["score"] for n in found["neurons"]] == pytest.approx(
        sorted(scores.values(), reverse=True)
    )
    kept = {(n["layer"], n["neuron"]) for n in found["neurons"] if n["is_knowledge_neuron"]}
    assert kept == {
        (r["layer"], r["neuron"]) for r in read(told, "knowledge_neurons", fact_id=FACT)
    }
    assert len(found["interventions"]) == len(read(told, "interventions", fact_id=FACT))
    layer, neuron = next(iter(kept))
    shared = view.shared(data, MODEL, layer, neuron)["rows"]
    assert {r["fact_id"] for r in shared} == {
        r["fact_id"] for r in read(told, "knowledge_neurons", layer=layer, neuron=neuron)
    }
    with pytest.raises(KnError, match="no fact 99999"):
        view.fact(data, MODEL, 99_999)


def test_facts_are_narrowed_by_relation_and_by_what_is_known(told: Lake, data: Database) -> None:
    every = view.facts(data, MODEL, "", 0, 500)
    assert every["relations"] == sorted({r["relation"] for r in every["rows"]})
    kinds = {
        "neurons": lambda r: r["n_neurons"] > 0,
        "known": lambda r: r["known"] is True,
        "not known": lambda r: r["known"] is False,
        "not asked": lambda r: r["n_prompts"] is None,
    }
    for known, is_one in kinds.items():
        found = view.facts(data, MODEL, "", 0, 500, "city-country", known)
        wanted = [r for r in every["rows"] if r["relation"] == "city-country" and is_one(r)]
        assert found["rows"] and found["total"] == len(wanted)
        assert [r["fact_id"] for r in found["rows"]] == [r["fact_id"] for r in wanted]
    with_neurons = [r["n_neurons"] > 0 for r in every["rows"]]
    assert with_neurons == sorted(with_neurons, reverse=True) and with_neurons[0]
    assert "missing" not in view.facts(data, MODEL, "", 0, 5, "no-relation")
