"""Attribution and interventions live, against the functions that make the tables."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kn_assets import lake as lakes
from kn_assets.errors import KnError
from kn_assets.knowledge import answers, facts
from kn_assets.knowledge.attribution import attribute
from kn_assets.knowledge.facts import Fact
from kn_assets.knowledge.interventions import Change, change
from kn_assets.knowledge.last_token import last_token
from kn_assets.knowledge.questions import ask, single
from kn_assets.lake import Lake
from kn_assets.live.knowledge import DRAWS, LiveKnowledge
from kn_assets.live.questions import OTHER_FACTS
from kn_assets.progress import Progress
from tests import small

KEY = "tiny"
OWN = {"text": "Kabul is the capital of", "answer": "sand"}  # the object of no fact


def lake_with_facts(folder: Path) -> Lake:
    """An atlas of a tiny random model with the corpus' facts, none of them asked yet."""
    from kn_assets.atlas.extract import NEEDS, extract, write_vocabulary

    request = small.request(folder)
    request.corpus.make(request.corpus.tables, Progress())
    extract(request.plan, NEEDS, Progress())
    write_vocabulary(request.plan, Progress())
    place = request.corpus.partition
    told, prompts = facts.tables(facts.from_cities(request.lake.read(place, "cities")))
    for name, table in (("facts", told), ("fact_prompts", prompts)):
        request.lake.write(place, name, table, "test")
    return request.lake


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return lake_with_facts(tmp_path_factory.mktemp("live"))


@pytest.fixture(scope="module")
def live(lake: Lake) -> LiveKnowledge:
    return LiveKnowledge.of(lake, KEY, Progress())


def asked(live: LiveKnowledge, **question: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(live.answer(question, Progress()))
    return found


def test_a_sentence_is_attributed_as_the_tables_are(live: LiveKnowledge) -> None:
    found = asked(live, do="attribute", steps=6, **OWN)
    question = single(live.loaded.tokenizer, OWN["text"], OWN["answer"])
    last = last_token(live.loaded, question.ids)
    answer = live.loaded.tokenizer(found["answer_token"])["input_ids"]
    assert [found["answer_prefix"] == "", answer] == [True, [question.answer]]
    wanted = attribute(last, question.answer, 6)
    for layer, neuron, score, activation in found["neurons"]:
        assert score == pytest.approx(wanted.scores[layer, neuron], rel=1e-4)
        assert activation == pytest.approx(float(last.activations[layer, neuron]), rel=1e-5)
    scores = [row[2] for row in found["neurons"]]
    assert scores == sorted(scores, reverse=True)
    largest = wanted.scores.max()
    assert found["n_over_floor"] == len(scores) == (wanted.scores >= 0.05 * largest).sum()
    assert found["coarse"] == (wanted.scores >= 0.2 * largest).sum() < len(scores)
    assert [r["attribution_sum"] for r in found["layers"]] == pytest.approx(
        wanted.attribution_sums.tolist(), rel=1e-4
    )
    assert [r["probability_drop"] for r in found["layers"]] == pytest.approx(
        wanted.probability_drops.tolist(), rel=1e-3, abs=1e-8
    )
    p = last.probabilities()
    assert found["probability"] == pytest.approx(float(p[question.answer]), rel=1e-5)
    assert found["rank"] == int((p > p[question.answer]).sum()) + 1
    assert found["top"][0][1] == pytest.approx(float(p.max()), rel=1e-5)


def test_a_wording_of_a_fact_is_asked_as_the_tables_ask_it(live: LiveKnowledge) -> None:
    assert live._asker._told is not None
    questions = ask(live.loaded.tokenizer, live._asker._told.facts, live._asker._told.prompts).asked
    question = questions[3]
    found = asked(live, do="attribute", steps=4, fact=question.fact_id, prompt=question.prompt)
    wanted = attribute(last_token(live.loaded, question.ids), question.answer, 4)
    layer, neuron = np.unravel_index(wanted.scores.argmax(), wanted.scores.shape)
    assert found["neurons"][0][:2] == [layer, neuron]
    with pytest.raises(KnError, match="can't be asked prompt 99"):
        asked(live, do="attribute", steps=4, fact=question.fact_id, prompt=99)


def test_every_change_has_its_controls(live: LiveKnowledge) -> None:
    neurons = [[0, 1], [1, 2], [1, 5]]
    found = asked(live, do="change", factor=0.0, neurons=neurons, **OWN)
    rows = {row["condition"]: row for row in found["conditions"]}
    # this model has random weights: it knows no fact, so none is a control
    assert list(rows) == ["selected", "random", "activation_matched"]
    assert [len(row["trials"]) for row in rows.values()] == [1, DRAWS, 1]
    question = single(live.loaded.tokenizer, OWN["text"], OWN["answer"])
    last = last_token(live.loaded, question.ids)
    wanted = change(last, question.answer, [Change([(0, 1), (1, 2), (1, 5)], 0.0)])
    own = rows["selected"]["trials"][0]
    assert [own["before"], own["after"]] == pytest.approx(wanted.probabilities.tolist(), rel=1e-5)
    assert [own["rank_before"], own["rank_after"]] == wanted.ranks.tolist()
    assert rows["selected"]["top_after"][0][1] == pytest.approx(
        float(wanted.top_probabilities[1, 0]), rel=1e-5
    )
    # The same question gives the same draws, and random ones differ among themselves.
    again = asked(live, do="change", factor=0.0, neurons=neurons, **OWN)
    assert again == found
    assert len({trial["after"] for trial in rows["random"]["trials"]}) > 1


def test_controls_are_facts_that_the_model_knows(live: LiveKnowledge) -> None:
    told = live._asker._told
    assert told is not None and not told.asked
    facts = told.facts.to_pylist()
    relations: dict[str, set[str]] = {}
    for row in facts:
        relations.setdefault(row["subject"], set()).add(row["relation"])
    own = next(r for r in facts if len(relations[r["subject"]]) > 1)
    same = {r["fact_id"] for r in facts if r["subject"] == own["subject"]} - {own["fact_id"]}
    elsewhere = [r for r in facts if r["subject"] != own["subject"]]
    others = {
        r["fact_id"]
        for r in elsewhere
        if r["relation"] == own["relation"] and not {own["subject"], own["object"]} & {r["object"]}
    }
    words = {r["fact_id"]: r["subject"] for r in facts}

    def conditions(known: set[int]) -> dict[str, set[str]]:
        model = LiveKnowledge(live.loaded, replace(told, known=frozenset(known), asked=True))
        ask = {"fact": own["fact_id"], "prompt": 0}
        found = asked(model, do="change", factor=0.0, neurons=[[0, 1]], **ask)
        return {
            row["condition"]: {trial["words"] for trial in row["trials"]}
            for row in found["conditions"]
            if row["condition"] in ("other_fact", "same_subject")
        }

    found = conditions({*same, *others})
    assert set(found) == {"other_fact", "same_subject"}
    assert all(own["subject"] in text for text in found["same_subject"])
    assert 0 < len(found["other_fact"]) <= OTHER_FACTS
    one = min(others)
    only = conditions({one})
    assert set(only) == {"other_fact"} and len(only["other_fact"]) == 1
    assert all(words[one] in text for text in only["other_fact"])
    assert conditions(set()) == {}


def test_a_factor_of_one_changes_nothing(live: LiveKnowledge) -> None:
    found = asked(live, do="change", factor=1.0, neurons=[[0, 1]], **OWN)
    assert found["conditions"]
    for row in found["conditions"]:
        assert row["trials"]
        for trial in row["trials"]:
            assert trial["after"] == pytest.approx(trial["before"], rel=1e-6)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"do": "change", "factor": 0.0, "neurons": [], **OWN}, "change 1 to 200 neurons"),
        ({"do": "change", "factor": 0.0, "neurons": [[9, 0]], **OWN}, r"no neuron \(9, 0\)"),
        ({"do": "attribute", "steps": 2, "text": "Kabul " * 200, "answer": "x"}, "longer than"),
        ({"do": "attribute", "steps": 2, "text": " ", "answer": "x"}, "beginning of a sentence"),
        ({"do": "attribute", "steps": 2, "fact": 99_999, "prompt": 0}, "no fact"),
    ],
)
def test_bad_questions_are_told(live: LiveKnowledge, question: dict[str, Any], words: str) -> None:
    with pytest.raises(KnError, match=words):
        asked(live, **question)


class Words:
    """A tokenizer that makes a token of every word, in the order in which they come."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}

    def __call__(self, texts: list[str]) -> dict[str, list[list[int]]]:
        return {
            "input_ids": [[self.ids.setdefault(w, len(self.ids)) for w in t.split()] for t in texts]
        }


def test_an_answer_is_scored_where_others_end() -> None:
    words = Words()
    text = "Seoul is in"

    def scored(answer: str, others: list[str]) -> tuple[int, str, int]:
        question = single(words, text, answer, others)
        names = {i: w for w, i in words.ids.items()}
        assert [names[i] for i in question.ids[:3]] == text.split()
        return question.n_prefix, names[question.answer], len(question.whole)

    assert scored("South Korea", []) == (0, "South", 2)
    assert scored("South Korea", ["Japan", "South Africa"]) == (1, "Korea", 2)
    assert scored("Japan", ["South Africa"]) == (0, "Japan", 1)
    # No token of the whole tells it from one that begins with it: its first one is scored.
    assert scored("Guinea", ["Guinea Bissau"]) == (0, "Guinea", 1)


def test_a_corpus_without_facts_has_no_other_fact_control(lake: Lake, live: LiveKnowledge) -> None:
    alone = LiveKnowledge(live.loaded, None)
    found = asked(alone, do="change", factor=2.0, neurons=[[0, 1]], **OWN)
    assert [row["condition"] for row in found["conditions"]] == [
        "selected",
        "random",
        "activation_matched",
    ]
    with pytest.raises(KnError, match="kn knowledge"):
        asked(alone, do="attribute", steps=2, fact=0, prompt=0)
    assert lake.meta(lakes.model(KEY), "thresholds")


def test_a_live_answer_is_whole_as_in_the_tables(live: LiveKnowledge) -> None:
    told = live._asker._told
    assert told is not None
    for question in ask(live.loaded.tokenizer, told.facts, told.prompts).asked[:4]:
        found = asked(live, do="attribute", steps=1, fact=question.fact_id, prompt=question.prompt)
        (row,) = answers.answer(live.loaded, [question]).to_pylist()
        for name in ("answer_tokens", "greedy", "rank", "answer_prefix"):
            assert found[name] == row[name], name
        for name in ("logprob", "probability"):
            assert found[name] == pytest.approx(row[name], rel=1e-5), name


def test_facts_that_are_made_again_are_taken_up(tmp_path: Path) -> None:
    """Its number is another fact then: the page shows that one."""
    lake = lake_with_facts(tmp_path)
    live = LiveKnowledge.of(lake, KEY, Progress())
    before = asked(live, do="attribute", steps=1, fact=0, prompt=0)
    place = lakes.corpus("cities")
    other = facts.tables([Fact("r", "Lagos", "Nigeria", ("The city of Lagos is in",))])
    for name, table in zip(("facts", "fact_prompts"), other, strict=True):
        lake.write(place, name, table, "test")
    after = asked(live, do="attribute", steps=1, fact=0, prompt=0)
    assert "".join(after["tokens"]) == "The city of Lagos is in" != "".join(before["tokens"])


def test_a_model_that_is_not_sound_is_refused_in_a_line(live: LiveKnowledge) -> None:
    weights = live.loaded.parts.mlp_outputs[0].weight
    kept = weights.data.clone()
    try:
        weights.data[0, 0] = float("nan")
        with pytest.raises(KnError, match=r"numbers that aren.t finite \("):
            asked(LiveKnowledge(live.loaded, None), do="attribute", steps=1, **OWN)
    finally:
        weights.data.copy_(kept)


def test_what_is_not_finite_is_null_and_counted(live: LiveKnowledge) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "attribute", lambda *_: {"scores": [1.0, float("nan"), float("inf")]})
        found = asked(live, do="attribute")
    assert found == {"scores": [1.0, None, None], "not_finite": 2}
