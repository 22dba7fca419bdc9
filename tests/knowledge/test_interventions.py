"""Interventions against the plain path, and controls against what they promise."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import Tensor

from kn_assets.atlas.forward.tokens import vocabulary
from kn_assets.errors import KnError
from kn_assets.knowledge import facts
from kn_assets.knowledge.controls import (
    MATCHED_SETS,
    RANDOM_SETS,
    matched_neurons,
    matched_sets,
    other_facts,
    random_neurons,
    same_subject,
)
from kn_assets.knowledge.facts import Fact
from kn_assets.knowledge.interventions import Change, change, intervene
from kn_assets.knowledge.last_token import last_token
from kn_assets.knowledge.questions import ask
from kn_assets.lake import Lake
from kn_assets.lake.schema import KNOWLEDGE
from kn_assets.models.load import LoadedModel, load
from kn_assets.models.source import resolve
from tests.knowledge import naive
from tests.models import tiny

FACTS = [
    Fact("in", "Kabul", "Asia", ("Kabul is in", "The city of Kabul is in")),
    Fact("in", "Lima", "Peru", ("Lima is in", "The city of Lima is in")),
    Fact("of", "Rome", "Italy", ("Rome is of",)),
    Fact("of", "Kabul", "Khan", ("Kabul is of", "In Kabul rules")),
]
FOUND = {0: [(0, 3, 0.9), (2, 5, 0.5), (2, 7, 0.7)], 2: [(1, 4, 0.2)]}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = tiny.save(tmp_path_factory.mktemp("model") / "tiny", "llama")
    return load(resolve(str(folder)), Lake(folder.parent))


def plain(loaded: LoadedModel, ids: tuple[int, ...], neurons: Any, factor: float) -> Tensor:
    """P(next token) with neurons scaled at the last position: the whole prompt, no cache."""

    def scaled(layer: int) -> Any:
        chosen = [n for at, n in neurons if at == layer]

        def apply(a: Tensor) -> Tensor:
            a = a.clone()
            a[chosen] *= factor
            return a

        return apply

    with torch.no_grad():
        changes = {layer: scaled(layer) for layer in {at for at, _ in neurons}}
        return naive.probabilities(loaded, list(ids), changes)


@pytest.mark.parametrize("family", tiny.CONFIGS)
def test_change_equals_the_plain_path_in_every_family(family: str) -> None:
    model = naive.loaded(family)
    rng = np.random.default_rng(0)
    layers, n = model.parts.n_layers, model.parts.n_neurons
    sets = [
        [(int(rng.integers(layers)), int(rng.integers(n))) for _ in range(25)],
        [(layers - 1, i) for i in range(n)],
        [(0, i) for i in range(0, n, 2)],
        [],
    ]
    tried = [Change(sorted(set(s)), f) for s in sets for f in (0.0, 2.0, 1.0)]
    last = last_token(model, naive.IDS)
    answer = int(last.probabilities().argmax())
    found = change(last, answer, tried)
    moved = 0.0
    wanted = [plain(model, tuple(naive.IDS), [], 1.0)]
    wanted += [plain(model, tuple(naive.IDS), c.neurons, c.factor) for c in tried]
    for i, p in enumerate(wanted):
        assert found.probabilities[i] == pytest.approx(float(p[answer]), rel=1e-3, abs=1e-7)
        assert (
            found.ranks[i] == int((p > p[answer]).sum()) + 1
            or (p - p[answer]).abs().sort()[0][1] < 1e-5  # a near tie may go either way
        )
        np.testing.assert_allclose(
            found.top_probabilities[i], p.sort(descending=True)[0][:5], atol=1e-5
        )
        moved = max(moved, abs(float(p[answer] - wanted[0][answer])))
    assert moved > 0.01 * wanted[0][answer], "the changes change something"


def test_a_neuron_that_is_not_there() -> None:
    last = last_token(naive.loaded("gpt2"), naive.IDS)
    for neuron in ((3, 0), (0, 128), (-1, 0)):
        with pytest.raises(KnError, match="3 layers of 128"):
            change(last, 0, [Change([neuron], 0.0)])


def found_neurons() -> pa.Table:
    rows = [
        {"fact_id": fact, "layer": layer, "neuron": neuron, "share": 1.0, "score": score}
        for fact, some in FOUND.items()
        for layer, neuron, score in some
    ]
    return pa.Table.from_pylist(rows, schema=KNOWLEDGE["knowledge_neurons"].schema)


def test_table_holds_what_the_plain_path_gives(loaded: LoadedModel) -> None:
    told, prompts = facts.tables(FACTS)
    asked = ask(loaded.tokenizer, told, prompts).asked
    table = intervene(loaded, asked, found_neurons(), told, amplify=3.0, seed=5)
    assert table.schema == KNOWLEDGE["interventions"].schema
    question = {(q.fact_id, q.prompt): q for q in asked}
    rows = table.to_pylist()
    key = KNOWLEDGE["interventions"].key
    keys = [tuple(row[c] for c in key) for row in rows]
    assert keys == sorted(set(keys))
    counts: dict[tuple[int, str], int] = {}
    for row in rows:
        counts[row["fact_id"], row["condition"]] = (
            counts.get((row["fact_id"], row["condition"]), 0) + 1
        )
        q = question[row["prompt_fact_id"], row["prompt"]]
        before = plain(loaded, q.ids, [], 1.0)
        assert row["probability_before"] == pytest.approx(float(before[q.answer]), abs=1e-5)
        assert row["rank_before"] == int((before > before[q.answer]).sum()) + 1
        assert row["n_neurons"] == len(FOUND[row["fact_id"]])
        assert row["factor"] == {"suppress": 0.0, "amplify": 3.0}[row["kind"]]
        assert len(row["top_before"]) == len(row["top_after"]) == 5
        elsewhere = ("other_fact", "same_subject")
        assert (row["prompt_fact_id"] != row["fact_id"]) == (row["condition"] in elsewhere)
    for row in [row for row in rows if row["condition"] in ("knowledge_neurons", *elsewhere)]:
        q = question[row["prompt_fact_id"], row["prompt"]]
        own = [(layer, neuron) for layer, neuron, _ in FOUND[row["fact_id"]]]
        after = plain(loaded, q.ids, own, row["factor"])
        assert row["probability_after"] == pytest.approx(float(after[q.answer]), abs=1e-5)
        best = int(after.argmax())
        assert row["top_after"][0] == vocabulary(loaded.tokenizer, best + 1)[best]
    # Two wordings and two kinds of each set; other facts are measured on their own prompts.
    assert counts == {
        (0, "knowledge_neurons"): 4,
        (0, "random"): 4 * RANDOM_SETS,
        (0, "activation_matched"): 4 * MATCHED_SETS,
        (0, "other_fact"): 4,
        (0, "same_subject"): 4,
        (2, "knowledge_neurons"): 2,
        (2, "random"): 2 * RANDOM_SETS,
        (2, "activation_matched"): 2 * MATCHED_SETS,
        (2, "other_fact"): 4,
    }
    asked_of = {
        key: {r["prompt_fact_id"] for r in rows if (r["fact_id"], r["condition"]) == key}
        for key in counts
    }
    assert asked_of[0, "other_fact"] == {1} and asked_of[0, "same_subject"] == {3}
    assert asked_of[2, "other_fact"] == {3}
    again = intervene(loaded, asked, found_neurons(), told, amplify=3.0, seed=5)
    assert again.equals(table)
    other = intervene(loaded, asked, found_neurons(), told, amplify=3.0, seed=6)
    assert not other.equals(table)


def test_random_neurons_are_others_of_the_same_layers() -> None:
    own = [(0, 1), (0, 2), (3, 4)]
    drawn = [random_neurons(own, 6, np.random.default_rng(seed)) for seed in range(200)]
    for some in drawn:
        assert sorted(layer for layer, _ in some) == [0, 0, 3]
        assert len(set(some)) == 3 and not set(some) & set(own)
    assert {n for some in drawn for n in some} == {
        *((0, n) for n in (0, 3, 4, 5)),
        *((3, n) for n in (0, 1, 2, 3, 5)),
    }
    with pytest.raises(KnError, match="layer 0 has fewer than 2 other"):
        random_neurons([(0, 0), (0, 1)], 3, np.random.default_rng(0))


def test_matched_neurons_are_the_nearest_on_all_prompts() -> None:
    a = torch.tensor([[[5.0, 5.1, 4.0, -5.0, 5.0]], [[1.0, 9.0, 2.0, 1.0, 1.2]]])
    assert matched_neurons([(0, 0)], list(a)) == [(0, 4)]
    assert matched_neurons([(0, 0)], [a[0]]) == [(0, 4)]
    assert matched_neurons([(0, 0), (0, 4)], list(a)) == [(0, 2), (0, 1)]
    assert matched_neurons([(0, 4), (0, 0)], list(a)) == [(0, 2), (0, 1)]
    with pytest.raises(KnError, match="fewer than 1 other"):
        matched_neurons([(0, 0), (0, 1), (0, 2), (0, 3), (0, 4)], list(a))


def test_unrelated_facts_share_no_name() -> None:
    rows = [
        ("in", "Kabul", "Asia"),
        ("in", "Tokyo", "Asia"),
        ("in", "Lima", "Peru"),
        ("in", "Cusco", "Peru"),
        ("of", "Kabul", "Khan"),
        ("of", "Paris", "Seine"),
    ]
    fact_of = {
        i: {"fact_id": i, "relation": r, "subject": s, "object": o}
        for i, (r, s, o) in enumerate(rows)
    }
    drawn = {
        i: {
            tuple(other_facts(fact_of[i], fact_of, np.random.default_rng(seed), 1))
            for seed in range(50)
        }
        for i in range(6)
    }
    assert drawn[0] == drawn[1] == {(2,), (3,)}
    assert drawn[2] == {(0,), (1,)}
    assert drawn[4] == {(5,)}
    assert sorted(other_facts(fact_of[0], fact_of, np.random.default_rng(0), 5)) == [2, 3]
    few = {i: fact_of[i] for i in (0, 1, 5)}
    assert other_facts(fact_of[0], few, np.random.default_rng(0), 5) == [5]
    assert (
        other_facts(fact_of[0], {0: fact_of[0], 1: fact_of[1]}, np.random.default_rng(0), 5) == []
    )
    assert same_subject(fact_of[0], fact_of) == [4] and same_subject(fact_of[4], fact_of) == [0]
    assert same_subject(fact_of[1], fact_of) == same_subject(fact_of[0], few) == []


def test_further_sets_are_the_next_nearest() -> None:
    a = torch.tensor([[[5.0, 5.1, 4.0, -5.0, 5.0, 4.9]]])
    assert matched_sets([(0, 0)], list(a), 3) == [[(0, 4)], [(0, 1)], [(0, 5)]]
    # A layer of six: two neurons have others for two sets, not for three.
    two = matched_sets([(0, 0), (0, 4)], list(a), 9)
    assert two == [[(0, 1), (0, 5)], [(0, 2), (0, 3)]]


def test_controls_are_facts_that_the_model_knows(loaded: LoadedModel) -> None:
    told, prompts = facts.tables(FACTS)
    asked = ask(loaded.tokenizer, told, prompts).asked
    mine = [q for q in asked if q.fact_id == 0]

    def others(known: set[int]) -> set[tuple[str, int]]:
        few = [q for q in asked if q.fact_id in known]
        table = intervene(loaded, mine, found_neurons(), told, known=few)
        return {
            (r["condition"], r["prompt_fact_id"])
            for r in table.to_pylist()
            if r["prompt_fact_id"] != 0
        }

    assert others({0, 1, 3}) == {("other_fact", 1), ("same_subject", 3)}
    assert others({0, 2}) == {("other_fact", 2)}
    assert others(set()) == set()


def test_no_neurons_no_rows(loaded: LoadedModel, tmp_path: Path) -> None:
    told, prompts = facts.tables(FACTS)
    asked = ask(loaded.tokenizer, told, prompts).asked
    none = found_neurons().slice(0, 0)
    assert intervene(loaded, asked, none, told).num_rows == 0
