"""Units by place, their controls, specific units and curves, on numbers made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kn_assets.knowledge.circuits import choose
from kn_assets.knowledge.circuits.carrying import carries
from kn_assets.knowledge.circuits.choose import Chosen, Scored
from kn_assets.knowledge.circuits.curves import points
from kn_assets.knowledge.circuits.patching import patched
from kn_assets.knowledge.circuits.roles import Place, Roles
from kn_assets.knowledge.circuits.specific import specific
from kn_assets.knowledge.circuits.units import Unit, UnitScores, mean, median
from tests.knowledge.circuits.test_patching import made
from tests.models import tiny

LAST, SUBJECT = Place("last"), Place("subject last")


def scored(roles: Roles, neurons: np.ndarray, run: Any = None) -> Scored:
    layers, n, _ = neurons.shape
    scores = UnitScores(np.zeros(n), np.zeros((layers, n, 2)), neurons.astype(np.float32))
    return Scored(roles, scores, run)


def test_units_are_means_over_prompts_at_the_same_place() -> None:
    one, two = Roles(4, 1, 2), Roles(5, 2, 3)  # subject's last token: 1, 2; last: 3, 4
    a, b = np.zeros((2, 4, 3)), np.zeros((2, 5, 3))
    a[0, 1, 2], b[0, 2, 2] = 2.0, 4.0
    a[1, 3, 0], b[1, 4, 0] = 1.0, 1.0
    a[1, 3, 1], b[1, 4, 1] = -9.0, -9.0  # speaks against the answer
    a[0, 2, 1] = 50.0  # between subject and end: no place in another wording
    found = choose.choose([scored(one, a), scored(two, b)], 5)
    assert found == [
        Chosen("neuron", 0, 2, SUBJECT, 3.0),
        Chosen("neuron", 1, 0, LAST, 1.0),
    ]
    assert choose.units_at(found, two) == [Unit("neuron", 0, 2, 2), Unit("neuron", 1, 4, 0)]


def test_controls_are_other_units_of_the_same_layers_and_places() -> None:
    pair = made(tiny.model("llama"))
    roles = Roles(7, 2, 4)
    own = [Chosen("neuron", i % 3, i, LAST) for i in range(12)]
    drawn = choose.random_units(own, {"neuron": 72, "head": 4}, np.random.default_rng(0))
    keys = {(c.layer, c.unit) for c in drawn}
    assert len(keys) == 12
    assert keys.isdisjoint((c.layer, c.unit) for c in own)
    assert [c.layer for c in drawn] == [c.layer for c in own]
    matched = choose.matched_units(own[:1], [scored(roles, np.zeros((3, 7, 72)), pair.clean)])
    values = pair.clean.values.neurons[0][6].numpy()
    apart = np.abs(values - values[0])
    apart[0] = np.inf
    assert [c.unit for c in matched] == [int(apart.argmin())]


def test_specific_units_move_no_other_fact() -> None:
    own, other = np.zeros((1, 2, 6)), np.zeros((1, 2, 6))
    own[0, 0], other[0, 0] = [0.5, 0.4, 0.3, 0.2, 0.1, 0.0], [0.5, 0.0, -0.3, 0.03, 0.0, 0.9]
    found = specific({"neuron": own}, [{"neuron": other}], [SUBJECT, LAST], 3, 0.2)
    assert [c.unit for c in found] == [1, 3, 4]
    assert [c.unit for c in specific({"neuron": own}, [], [SUBJECT, LAST], 2, 0.2)] == [0, 1]


def test_a_specific_set_is_bounded_as_a_whole() -> None:
    own, other = np.full((1, 1, 40), 0.1), np.full((1, 1, 40), 0.015)
    found = specific({"neuron": own}, [{"neuron": other}], [LAST], 40, 0.14)
    assert found == []  # each moves the other by 15 % of what it does here
    assert len(specific({"neuron": own}, [{"neuron": other}], [LAST], 40, 0.16)) == 40


@pytest.mark.parametrize(
    ("own", "others", "wanted"),
    [
        (0.001, {}, "little"),
        (0.2, {"answer": 0.05, "subject": 0.09}, "fact"),
        (0.2, {"subject": 0.15}, "subject"),
        (0.2, {"subject": 0.15, "answer": 0.1}, "answer"),
        (0.2, {"relation": 0.3, "answer": 0.3, "subject": 0.2}, "relation"),
        (0.2, {"grammar": 0.1}, "grammar"),
        (-0.2, {"subject": 0.2}, "fact"),
        (-0.2, {"subject": -0.2}, "subject"),
        (float("nan"), {"subject": 0.2}, "little"),
    ],
)
def test_what_a_unit_carries(own: float, others: dict[str, float], wanted: str) -> None:
    told = dict.fromkeys(("relation", "answer", "subject", "grammar"), float("nan"))
    assert carries(own, told | others) == wanted


def test_points_of_curves_are_shares_of_the_logit_difference() -> None:
    pair = made(tiny.model("gpt2"))
    roles = Roles(7, 2, 4)
    own = [Chosen("neuron", 1, i, LAST) for i in range(20)]
    lost = points(pair, roles, {"circuit": own}, "lost", (1, 20, 30))
    assert [p.n_units for p in lost] == [1, 20]
    wanted = patched(pair, [choose.units_at(own[:n], roles) for n in (1, 20)])
    assert [p.difference for p in lost] == pytest.approx(wanted.tolist())
    assert [p.share for p in lost] == pytest.approx(
        ((pair.difference - wanted) / pair.difference).tolist()
    )
    everything = [
        Chosen("neuron", layer, unit, place)
        for layer in range(3)
        for place in (Place("subject", 1), SUBJECT, LAST)
        for unit in range(pair.clean.parts.n_neurons)
    ]
    (kept,) = points(pair, roles, {"all": everything}, "kept", (len(everything),))
    assert (kept.share or 0) > 0.2  # all but the tokens between are left alone
    assert points(pair, roles, {"none": []}, "kept", (1,)) == []


def test_the_strongest_units_are_the_largest_in_size() -> None:
    neurons = np.array([[[1.0, -5.0]], [[0.5, 2.0]]], np.float32)
    heads = np.array([[[3.0]], [[-4.0]]], np.float32)
    scores = UnitScores(np.array([7.0], np.float32), heads, neurons)
    assert scores.strongest(3) == [
        Unit("neuron", 0, 0, 1), Unit("head", 1, 0, 0), Unit("head", 0, 0, 0),
    ]  # fmt: skip
    assert scores.of("mlp").tolist() == [[-4.0], [2.5]]
    both = mean([scores, UnitScores(scores.embedding, heads, -neurons)])
    assert both.neurons.tolist() == [[[0.0, 0.0]], [[0.0, 0.0]]]


def test_what_is_large_beside_one_contrast_alone_has_a_small_median() -> None:
    neurons = np.zeros((3, 1, 2, 4), np.float32)
    neurons[:, 0, 1, 2] = 1, 2, 4
    neurons[0, 0, 0, 3] = 90
    empty = np.zeros(2, np.float32), np.zeros((1, 2, 1), np.float32)
    over = median([UnitScores(*empty, of_contrast) for of_contrast in neurons])
    assert over.score(Unit("neuron", 0, 1, 2)) == 2
    assert over.score(Unit("neuron", 0, 0, 3)) == 0
    assert over.neurons.dtype == np.float32
