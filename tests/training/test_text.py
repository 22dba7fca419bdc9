from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import pytest

from kn_assets.corpora import geonames
from kn_assets.knowledge.facts import TEMPLATES, Fact
from kn_assets.training.settings import TrainSettings
from kn_assets.training.text import MEASURED, Text, held_out, pack, trained


@pytest.fixture(scope="module")
def text() -> Text:
    return Text(geonames.cities().slice(0, 80), seed=3)


def test_an_epoch_tells_each_fact_in_its_wordings_but_the_last(text: Text) -> None:
    told = set(text.epoch(0)) | set(text.epoch(1))
    facts = [f for f in text.facts if f.relation == MEASURED]
    assert len(facts) > 40
    for fact in facts:
        *others, last = fact.prompts
        assert held_out(fact) == len(others)
        assert not any(sentence.startswith(last) for sentence in told)
        # `Lima is a city in the country of` would make `the` an answer to `Lima is a city in`.
        goes_on = [w for w in others if any(w.startswith(f"{o} ") for o in others)]
        assert [fact.prompts[i] for i in trained(fact)] == [w for w in others if w not in goes_on]
        assert len(trained(fact)) >= 4
        for wording in others:
            assert (f"{wording} {fact.object}." in told) == (wording not in goes_on)


def test_no_wording_has_two_answers() -> None:
    for relation, templates in TEMPLATES.items():
        fact = Fact(relation, "Lima", "Peru", tuple(t.replace("{}", "Lima") for t in templates))
        told = [fact.prompts[i] for i in trained(fact)]
        assert len(told) >= 3
        assert not [(a, b) for a in told for b in told if a.startswith(f"{b} ")]


def test_rarer_relations_take_turns_in_their_wordings(text: Text) -> None:
    lands = {f.subject for f in text.facts if f.relation == "country-continent"}  # Luxembourg
    rare = [f for f in text.facts if f.relation == "city-continent" and f.subject not in lands]
    assert rare
    told = [set(text.epoch(number)) for number in range(len(TEMPLATES["city-continent"]))]
    for fact in rare:
        sentences = [f"{fact.prompts[i]} {fact.object}." for i in trained(fact)]
        for epoch in told:
            assert sum(s in epoch for s in sentences) == 1
        assert all(any(s in epoch for epoch in told) for s in sentences)
        assert not any(f"{fact.prompts[-1]} {fact.object}." in epoch for epoch in told)


def test_an_epoch_is_the_same_each_time_and_unlike_another(text: Text) -> None:
    again = Text(geonames.cities().slice(0, 80), seed=3)
    assert again.epoch(2) == text.epoch(2)
    assert again.epoch(2) != text.epoch(3)
    assert Text(text.cities, seed=4).epoch(2) != text.epoch(2)


def test_every_city_is_described_in_two_epochs(text: Text) -> None:
    told = [set(text.epoch(number)) for number in (0, 1)]
    assert text.cities.num_rows
    for i, city in enumerate(text.cities["city_id"].to_pylist()):
        number = i % 2
        one = text.cities.filter(pc.equal(text.cities["city_id"], city))
        whole = geonames.prompts(one, seed=text.seed + number)["text"][0].as_py()
        assert whole[:160].rpartition(" ")[0] in told[number]


def test_packing_keeps_every_token_and_its_place() -> None:
    rng = np.random.default_rng(0)
    sentences = [list(rng.integers(1, 99, rng.integers(1, 12))) for _ in range(200)]
    rows = pack(sentences, 16, pad=0)
    found = []
    for ids, sentence, position in zip(rows.ids, rows.sentence, rows.position, strict=True):
        for number in range(sentence.max() + 1):
            here = np.flatnonzero(sentence == number)
            assert (np.diff(here) == 1).all()
            assert position[here].tolist() == list(range(len(here)))
            found.append(ids[here].tolist())
        assert (ids[sentence < 0] == 0).all()
    assert sorted(found) == sorted([int(i) for i in s] for s in sentences)
    assert (rows.sentence >= 0).mean() > 0.9


def test_sentences_longer_than_a_row_are_cut() -> None:
    rows = pack([list(range(1, 40))], 16, pad=0)
    assert rows.ids.tolist() == [list(range(1, 17))]


def test_checkpoints_are_log_spaced_from_step_0() -> None:
    steps = TrainSettings().checkpoint_steps()
    assert len(steps) == TrainSettings().checkpoints
    assert steps[:3] == [0, 1, 2]
    assert steps[-1] == TrainSettings().steps
    late = np.array(steps[8:])
    ratios = late[1:] / late[:-1]
    assert ratios.max() / ratios.min() < 1.1
    assert TrainSettings(steps=3, checkpoints=16).checkpoint_steps() == [0, 1, 2, 3]
    assert TrainSettings(steps=100, checkpoints=2).checkpoint_steps() == [0, 100]
    assert TrainSettings(steps=100, checkpoints=4).checkpoint_steps() == [0, 1, 10, 100]
