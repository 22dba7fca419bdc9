from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import pytest

from kn_assets import geonames
from kn_assets.knowledge.facts import TEMPLATES
from kn_assets.training.settings import TrainSettings
from kn_assets.training.text import MEASURED, Text, held_out, pack


@pytest.fixture(scope="module")
def text() -> Text:
    return Text(geonames.cities().slice(0, 80), seed=3)


def test_an_epoch_tells_each_fact_in_all_its_wordings_but_the_last(text: Text) -> None:
    told = set(text.epoch(0)) | set(text.epoch(1))
    facts = [f for f in text.facts if f.relation == MEASURED]
    assert len(facts) > 40
    for fact in facts:
        *taught, last = fact.prompts
        assert len(taught) == 6
        assert all(f"{wording} {fact.object}." in told for wording in taught)
        assert not any(sentence.startswith(last) for sentence in told)
        assert held_out(fact) == len(taught)


def test_rarer_relations_take_turns_in_their_wordings(text: Text) -> None:
    lands = {f.subject for f in text.facts if f.relation == "country-continent"}  # Luxembourg
    rare = [f for f in text.facts if f.relation == "city-continent" and f.subject not in lands]
    n = len(TEMPLATES["city-continent"]) - 1
    for number in (0, n):
        told = set(text.epoch(number))
        for fact in rare:
            assert sum(f"{wording} {fact.object}." in told for wording in fact.prompts) == 1
    every = {sentence for number in range(n) for sentence in text.epoch(number)}
    assert all(f"{w} {f.object}." in every for f in rare for w in f.prompts[:-1])
    assert not any(f"{f.prompts[-1]} {f.object}." in every for f in rare)


def test_an_epoch_is_the_same_each_time_and_unlike_another(text: Text) -> None:
    again = Text(geonames.cities().slice(0, 80), seed=3)
    assert again.epoch(2) == text.epoch(2)
    assert again.epoch(2) != text.epoch(3)
    assert Text(text.cities, seed=4).epoch(2) != text.epoch(2)


def test_every_city_is_described_in_two_epochs(text: Text) -> None:
    told = [set(text.epoch(number)) for number in (0, 1)]
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
