"""Patching against plain hooks on Hugging Face's own model, in each family."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kn_assets.atlas.direct.layout import Layout
from kn_assets.errors import KnError
from kn_assets.knowledge.circuits import pair as pairs
from kn_assets.knowledge.circuits.patching import cell_effects, effects, left_alone, patched
from kn_assets.knowledge.circuits.units import Unit
from kn_assets.knowledge.circuits.whole_prompt import WholePrompt
from kn_assets.models.parts import find_parts
from tests.knowledge.circuits import plain
from tests.models import tiny


def made(model: Any) -> pairs.Pair:
    layout = Layout.of(find_parts(model))
    clean = WholePrompt.of(layout, plain.IDS)
    return pairs.of_tokens(layout, clean, plain.OTHER, plain.ANSWER, plain.AGAINST)


@pytest.mark.parametrize("family", tiny.CONFIGS)
def test_single_units_and_cells_are_what_plain_hooks_measure(family: str) -> None:
    model = tiny.model(family)
    pair = made(model)
    heads, neurons, _ = plain.values(model, plain.OTHER)
    attention, mlp = plain.projections(model)
    before = plain.difference(plain.values(model, plain.IDS)[2])
    width = heads[0].shape[1] // pair.clean.layout.n_heads
    last, head = len(mlp) - 1, slice(width, 2 * width)
    wanted = [
        (Unit("neuron", 0, 2, 5), [(mlp[0], 2, slice(5, 6), neurons[0][2, 5:6])]),
        (Unit("neuron", last, 6, 7), [(mlp[last], 6, slice(7, 8), neurons[last][6, 7:8])]),
        (Unit("head", 0, 3, 1), [(attention[0], 3, head, heads[0][3, head])]),
        (Unit("mlp", 1, 3), [(mlp[1], 3, slice(None), neurons[1][3])]),
        (Unit("attention", 1, 6), [(attention[1], 6, slice(None), heads[1][6])]),
    ]  # fmt: skip
    units = [unit for unit, _ in wanted]
    found = effects(pair, units, rows=2)
    plainly = [before - plain.patched(model, changes) for _, changes in wanted]
    np.testing.assert_allclose(found, plainly, atol=1e-4)
    assert np.abs(plainly).max() > 1e-3
    sets = patched(pair, [units, []])
    together = plain.patched(model, [c for _, changes in wanted for c in changes])
    np.testing.assert_allclose(sets, [together, before], atol=1e-4)


@pytest.mark.parametrize("family", ["gpt2", "opt", "llama", "gemma2"])
def test_what_is_left_alone_is_what_plain_hooks_leave(family: str) -> None:
    model = tiny.model(family)
    pair = made(model)
    _, neurons, _ = plain.values(model, plain.OTHER)
    _, mlp = plain.projections(model)
    chosen = [Unit("neuron", 0, 2, 5), Unit("neuron", 1, 6, 7)]
    changes = [
        (mlp[layer], position, slice(n, n + 1), neurons[layer][position, n : n + 1])
        for layer in range(len(mlp))
        for position in range(len(plain.IDS))
        for n in range(neurons[layer].shape[1])
        if Unit("neuron", layer, position, n) not in chosen
    ]
    found = left_alone(pair, [chosen])
    np.testing.assert_allclose(found, [plain.patched(model, changes)], atol=1e-4)


def test_the_stream_of_the_first_layer_at_all_tokens_is_the_contrast() -> None:
    pair = made(tiny.model("llama"))
    everywhere = [Unit("embedding", 0, at) for at in range(len(plain.IDS))]
    (found,) = patched(pair, [everywhere])
    _, _, logits = plain.values(tiny.model("llama"), plain.OTHER)
    assert found == pytest.approx(plain.difference(logits), abs=1e-4)
    cells = cell_effects(pair, "stream")
    assert cells.shape == (3, 7)
    np.testing.assert_allclose(cells[:, :2], 0, atol=1e-5)  # before the subject nothing differs


@pytest.mark.parametrize(
    "unit",
    [Unit("neuron", 3, 0, 0), Unit("neuron", 0, 7, 0), Unit("head", 0, 0, 4), Unit("mlp", 0, 0, 1)],
)
def test_unknown_units_are_refused(unit: Unit) -> None:
    with pytest.raises(KnError, match=r"there is no (neuron|head|mlp) "):
        effects(made(tiny.model("llama")), [unit])
