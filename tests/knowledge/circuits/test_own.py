"""Pairs of one's own, and sets of units changed, against plain hooks on Hugging Face's model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from kn_assets.atlas.direct.layout import Layout
from kn_assets.errors import KnError
from kn_assets.knowledge.circuits import changing
from kn_assets.knowledge.circuits.gradients import integrated, mean_gradients
from kn_assets.knowledge.circuits.own import Typed, own_pair
from kn_assets.knowledge.circuits.own_circuit import (
    Estimated,
    curve_rows,
    for_the_answer,
    single_effects,
    unit_rows,
)
from kn_assets.knowledge.circuits.units import Unit, UnitScores
from kn_assets.models.parts import find_parts
from kn_assets.progress import Progress
from tests.knowledge.circuits import plain
from tests.knowledge.circuits.test_patching import made
from tests.models import tiny

TEXT, CONTRAST = "Kabul is the capital of", "Kabul is the city of"


@pytest.fixture(scope="module")
def model() -> Any:
    return tiny.model("gpt2")


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return tiny.tokenizer()


@pytest.fixture(scope="module")
def layout(model: Any) -> Layout:
    return Layout.of(find_parts(model))


def likeliest(model: Any, tokenizer: Any, text: str) -> tuple[int, Any]:
    with torch.no_grad():
        logits = model(**tokenizer(text, return_tensors="pt")).logits[0, -1]
    return int(logits.argmax()), logits


def test_what_differs_is_the_subject_and_the_model_answers(
    model: Any, tokenizer: Any, layout: Layout
) -> None:
    own = own_pair(layout, tokenizer, Typed(TEXT, CONTRAST, "city", "Kabul"))
    (city,), (kabul,) = (tokenizer(" " + w)["input_ids"] for w in ("city", "Kabul"))
    _, logits = likeliest(model, tokenizer, TEXT)
    assert (own.subject, own.other, own.prefix) == ("capital", "city", "")
    assert own.pair.difference == pytest.approx(float(logits[city] - logits[kabul]), abs=1e-5)
    assert own.answer.rank == 1 + int((logits > logits[city]).sum())
    assert own.answer.probability == pytest.approx(float(logits.softmax(0)[city]), rel=1e-4)
    roles = [own.roles.role(at) for at in range(own.roles.n)]
    ids = [tokenizer(text)["input_ids"] for text in (TEXT, CONTRAST)]
    apart = [i for i, (a, b) in enumerate(zip(*ids, strict=True)) if a != b]
    assert [i for i, role in enumerate(roles) if role.startswith("subject")] == apart
    assert "".join(own.tokens) == TEXT


def test_answers_that_are_not_given_are_the_likeliest(
    model: Any, tokenizer: Any, layout: Layout
) -> None:
    texts = ("Kabul is the capital", "Kabul is the city")
    (first, _), (second, _) = (likeliest(model, tokenizer, text) for text in texts)
    assert first != second
    own = own_pair(layout, tokenizer, Typed(*texts))
    assert (own.pair.answer, own.pair.against) == (first, second)
    assert [own.answer.given, own.answer.rank, own.against.rank] == [False, 1, 1]


def test_answers_that_begin_alike_are_told_apart_behind_their_beginning(
    tokenizer: Any, layout: Layout
) -> None:
    typed = Typed(TEXT, CONTRAST, "the city", "the capital")
    own = own_pair(layout, tokenizer, typed)
    (the,), (city,), (capital,) = (
        tokenizer(" " + w)["input_ids"] for w in ("the", "city", "capital")
    )
    assert own.prefix == " the"
    assert (own.pair.answer, own.pair.against) == (city, capital)
    assert own.pair.clean.ids == (*tokenizer(TEXT)["input_ids"], the)
    assert own.answer.n_tokens == 2


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (
            Typed(TEXT, "Kabul is the capital city of"),
            r"has 6 tokens and the contrast 7 \(“capital” 1, “capital city” 2\): choose words",
        ),
        (Typed(TEXT, TEXT), "both prompts are the same"),
        (Typed(TEXT, CONTRAST), r"goes on alike with both prompts \(“.*”\): write two answers"),
        (Typed(TEXT, CONTRAST, "city", "city"), "both answers begin with “city”"),
        (Typed(TEXT, CONTRAST, "city", "city of Kabul"), "both answers begin with “city”"),
        (Typed(" ", CONTRAST), "give your prompt and its contrast"),
        (Typed(" city" * 65, " Kabul" * 65), "has 65 tokens: give one of 64 or fewer"),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_line(
    tokenizer: Any, layout: Layout, typed: Typed, words: str
) -> None:
    with pytest.raises(KnError, match=words) as told:
        own_pair(layout, tokenizer, typed)
    assert "\n" not in str(told.value)


def test_a_prompt_of_one_token_is_a_pair(tokenizer: Any, layout: Layout) -> None:
    own = own_pair(layout, tokenizer, Typed(" Kabul", " city", "is", "of"))
    assert own.tokens == [" Kabul"]
    assert {row["position"] for row in unit_rows(Estimated.of(own.pair), {})} == {0}


def test_estimates_are_integrated_gradients() -> None:
    pair = made(tiny.model("llama"))
    (wanted,) = integrated([pair])
    found = Estimated.of(pair)
    np.testing.assert_allclose(found.scores.neurons, wanted.neurons, atol=1e-7)
    scores = [wanted.score(unit) for unit in found.circuit]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0
    assert len(scores) == (wanted.neurons > 0).sum()
    own, controls = set(found.circuit), set(found.controls)
    assert not own & controls
    assert len(controls) == len(found.controls)


def test_the_strongest_for_the_answer_come_first() -> None:
    values = np.array([[[0.5, -3.0], [0.0, 2.0]]], np.float32)
    scores = UnitScores(np.zeros(2), np.zeros((1, 2, 1)), values)
    assert for_the_answer(scores, 9) == [Unit("neuron", 0, 1, 1), Unit("neuron", 0, 0, 0)]
    assert for_the_answer(scores, 1) == [Unit("neuron", 0, 1, 1)]


def test_curves_are_what_plain_hooks_measure() -> None:
    model = tiny.model("llama")
    pair = made(model)
    of = Estimated.of(pair)
    rows = {(r["condition"], r["measure"], r["n_units"]): r["share"] for r in curve_rows(of)}
    _, neurons, _ = plain.values(model, plain.OTHER)
    _, mlp = plain.projections(model)

    def change(unit: Unit) -> tuple[Any, int, slice, Any]:
        at = slice(unit.unit, unit.unit + 1)
        return mlp[unit.layer], unit.position, at, neurons[unit.layer][unit.position, at]

    before = plain.difference(plain.values(model, plain.IDS)[2])
    after = plain.patched(model, [change(unit) for unit in of.circuit[:10]])
    assert rows["circuit", "lost", 10] == pytest.approx((before - after) / before, abs=1e-3)
    random = plain.patched(model, [change(unit) for unit in of.controls[:10]])
    assert rows["random", "lost", 10] == pytest.approx((before - random) / before, abs=1e-3)
    everywhere = [
        Unit("neuron", layer, at, n)
        for layer in range(len(mlp))
        for at in range(len(plain.IDS))
        for n in range(neurons[layer].shape[1])
    ]
    none = plain.patched(model, [change(unit) for unit in everywhere])
    kept = set(of.circuit[:30])
    rest = plain.patched(model, [change(unit) for unit in everywhere if unit not in kept])
    assert rows["circuit", "kept", 30] == pytest.approx((rest - none) / (before - none), abs=1e-3)


@pytest.mark.parametrize("family", tiny.CONFIGS)
@pytest.mark.parametrize("how", changing.HOW)
def test_a_changed_set_is_what_plain_hooks_measure(family: str, how: changing.How) -> None:
    model = tiny.model(family)
    pair = made(model)
    heads, neurons, _ = plain.values(model, plain.OTHER)
    attention, mlp = plain.projections(model)
    means = np.random.default_rng(0).normal(size=(len(mlp), neurons[0].shape[1]))
    width = heads[0].shape[1] // pair.clean.layout.n_heads
    head, last = slice(width, 2 * width), len(mlp) - 1
    units = [Unit("neuron", 0, 2, 5), Unit("neuron", last, 6, 7)]
    to = {
        "patch": [neurons[0][2, 5:6], neurons[last][6, 7:8]],
        "zero": [0.0, 0.0],
        "mean": [means[0, 5], means[last, 7]],
    }[how]
    changes = [(mlp[0], 2, slice(5, 6), to[0]), (mlp[last], 6, slice(7, 8), to[1])]
    if how != "mean":
        units.append(Unit("head", 1, 3, 1))
        changes.append((attention[1], 3, head, heads[1][3, head] if how == "patch" else 0.0))
    found = changing.changed(
        pair, mean_gradients(pair, 4), units, how, means.astype(np.float32), Progress()
    )
    before = plain.difference(plain.values(model, plain.IDS)[2])
    assert found.before == pytest.approx(before, abs=1e-4)
    assert found.after == pytest.approx(plain.patched(model, changes), abs=1e-4)
    alone = [before - plain.patched(model, [one]) for one in changes]
    assert found.alone == pytest.approx(sum(alone), abs=3e-4)
    assert abs(found.lost) > 1e-4


def test_what_is_foretold_is_the_gradient_times_the_change() -> None:
    model = tiny.model("gpt2")
    pair = made(model)
    gradients = mean_gradients(pair)
    clean = plain.values(model, plain.IDS)[1]
    units = [Unit("neuron", 0, 2, 5), Unit("neuron", 1, 6, 7)]
    n = len(clean)
    at = [gradients[1 + n + u.layer][u.position, u.unit] for u in units]
    now = [clean[u.layer][u.position, u.unit] for u in units]
    wanted = sum(float(g * x) for g, x in zip(at, now, strict=True))
    found = changing.changed(pair, gradients, units, "zero", None, Progress())
    assert found.estimated == pytest.approx(wanted, rel=1e-4)
    (scores,) = integrated([pair])
    patched = changing.changed(pair, gradients, units, "patch", None, Progress())
    assert patched.estimated == pytest.approx(sum(scores.score(u) for u in units), rel=1e-5)


def test_single_effects_are_in_the_order_of_units() -> None:
    pair = made(tiny.model("gpt2"))
    units = [Unit("neuron", 2, 6, 3), Unit("neuron", 0, 2, 5), Unit("head", 1, 3, 1)]
    together = single_effects(pair, units, Progress())
    alone = [single_effects(pair, [unit], Progress())[0] for unit in units]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert len(set(np.round(together, 6))) == 3


def test_sets_that_cannot_be_changed_are_refused() -> None:
    pair = made(tiny.model("gpt2"))
    gradients = mean_gradients(pair)
    with pytest.raises(KnError, match="change 1 to 300 units"):
        changing.changed(pair, gradients, [], "zero", None, Progress())
    head = [Unit("head", 0, 2, 1)]
    with pytest.raises(KnError, match="no mean of a head is stored"):
        changing.changed(pair, gradients, head, "mean", None, Progress())
    with pytest.raises(KnError, match="has no means of its neurons"):
        changing.changed(pair, gradients, [Unit("neuron", 0, 2, 1)], "mean", None, Progress())
