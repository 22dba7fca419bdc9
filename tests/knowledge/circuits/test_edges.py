"""Edges against frozen models and plain path patches; what they sum to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from kn_assets.knowledge.circuits import edges as edging
from kn_assets.knowledge.circuits.edges import Edge, Edges
from kn_assets.knowledge.circuits.pair import Pair
from kn_assets.knowledge.circuits.path_patching import path_effects
from kn_assets.knowledge.circuits.relevance import Linear
from kn_assets.knowledge.circuits.split import Split
from kn_assets.knowledge.circuits.units import Unit
from tests.atlas.direct.plain import Plain, frozen
from tests.knowledge.circuits import plain as own
from tests.knowledge.circuits.test_patching import made
from tests.knowledge.circuits.test_split import pair_of
from tests.models import families, tiny

IDS = np.array(own.IDS)
UNITS = (
    Unit("neuron", 0, 2, 5), Unit("neuron", 0, 3, 8), Unit("head", 0, 3, 1), Unit("head", 1, 6, 2),
    Unit("neuron", 1, 3, 7), Unit("neuron", 1, 6, 9), Unit("neuron", 0, 6, 1),
    Unit("head", 1, 3, 0),
)  # fmt: skip


def edges_of(pair: Pair, units: Any = UNITS) -> tuple[Edges, list[Tensor]]:
    gradients, _ = Linear.of(pair.clean).gradients(pair)
    return edging.edges(pair, Split.of(pair.clean), gradients, units), gradients


@pytest.mark.parametrize("family", tiny.CONFIGS)
def test_what_reaches_a_unit_sums_to_its_relevance(family: str) -> None:
    found, _ = edges_of(made(tiny.model(family)))
    assert np.count_nonzero(found.relevance) >= 5  # some are at tokens that no later layer reads
    sizes = np.maximum(np.abs(found.relevance), 1e-3 * np.abs(found.relevance).max())
    assert (np.abs(found.sources - found.relevance) <= 0.01 * sizes).all()


@pytest.mark.parametrize("family", ["gpt2", "opt", "gpt_neox", "llama", "gemma2", "qwen3", "phi3"])
def test_an_edge_is_what_a_unit_misses_with_all_else_frozen(family: str) -> None:
    """Of the later one's input, whose share in its value the rules give by hand."""
    model = families.model(family, "eager").requires_grad_(False)
    pair = pair_of(model)
    found, gradients = edges_of(pair)
    plain = Plain(model, family, IDS)
    clean = dict(plain.pre_activations)
    n = pair.clean.parts.n_layers
    tried = 0
    for j, earlier in enumerate(UNITS):
        mixed: dict[int, Tensor] = {}

        def without(
            site: str,
            layer: int,
            kept: Tensor,
            now: Tensor,
            one: Unit = earlier,
            mixed: Any = mixed,
        ) -> Tensor:
            if site == "heads":
                mixed[layer] = now.reshape(len(IDS), -1)
            if (site, layer) != (f"{one.kind}s", one.layer):
                return frozen(site, layer, kept, now)
            other = (pair.other.neurons if one.kind == "neuron" else pair.other.heads)[layer]
            gone, columns = kept.clone(), edging.columns_of(pair, one)
            gone.view(len(IDS), -1)[one.position, columns] = other[one.position, columns]
            return gone

        plain.run(without)
        for i, later in enumerate(UNITS):
            if (later.layer, later.kind) <= (earlier.layer, earlier.kind):
                continue
            columns, at = edging.columns_of(pair, later), later.position
            if later.kind == "head":
                apart = pair.clean.values.heads[later.layer] - mixed[later.layer]
                toward = gradients[1 + later.layer]
                wanted = float((apart * toward)[at, columns].sum())
            else:
                value = pair.clean.values.neurons[later.layer][at, later.unit]
                names = [k for k in clean if k[0] == later.layer]
                shares = [
                    (clean[k] - plain.pre_activations[k])[at, later.unit] / clean[k][at, later.unit]
                    for k in names
                ]
                toward = gradients[1 + n + later.layer][at, later.unit]
                wanted = float(toward * value * torch.stack(shares).mean())
            assert found.scores[i, j] == pytest.approx(wanted, abs=1e-4, rel=1e-3)
            tried += wanted != 0
    assert tried >= 3
    assert np.abs(found.scores[:-1]).max() > 1e-4


def path_patched(model: Any, earlier: Unit, later: Unit | None) -> float:
    """The logit difference by plain hooks: all frozen but what the one gives the other."""
    heads, neurons, _ = own.values(model, own.IDS)
    other = dict(zip(("head", "neuron"), own.values(model, own.OTHER)[:2], strict=True))
    clean = {"head": heads, "neuron": neurons}
    attention, mlp = own.projections(model)
    modules = {"head": attention, "neuron": mlp}
    width = heads[0].shape[1] // 4
    seen: list[Tensor] = []

    def columns(one: Unit) -> slice:
        return (
            slice(one.unit, one.unit + 1)
            if one.kind == "neuron"
            else slice(one.unit * width, (one.unit + 1) * width)
        )

    def hook(kind: str, layer: int) -> Any:
        def freeze(_module: Any, args: Any) -> Any:
            now = args[0].reshape(len(own.IDS), -1)
            if later is not None and (kind, layer) == (later.kind, later.layer):
                seen.append(now[later.position, columns(later)].clone())
            kept = clean[kind][layer].clone()
            if (kind, layer) == (earlier.kind, earlier.layer):
                kept[earlier.position, columns(earlier)] = other[kind][layer][
                    earlier.position, columns(earlier)
                ]
            return (kept.reshape(args[0].shape), *args[1:])

        return freeze

    handles = [
        module.register_forward_pre_hook(hook(kind, layer))
        for kind, of in modules.items()
        for layer, module in enumerate(of)
    ]
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([own.IDS])).logits[0, -1]
    for handle in handles:
        handle.remove()
    if later is None:
        return own.difference(logits)
    change = (modules[later.kind][later.layer], later.position, columns(later), seen[0])
    return own.patched(model, [change])


@pytest.mark.parametrize("family", ["gpt2", "opt", "pythia", "llama", "gemma2", "qwen3"])
def test_path_patches_are_what_plain_hooks_measure(family: str) -> None:
    model = tiny.model(family)
    pair = made(model)
    some = [
        Edge(UNITS[0], UNITS[4], 0.0),
        Edge(UNITS[2], UNITS[4], 0.0),
        Edge(UNITS[1], UNITS[3], 0.0),
        Edge(UNITS[3], None, 0.0),
        Edge(UNITS[1], UNITS[7], 0.0),
        Edge(UNITS[5], None, 0.0),
    ]
    before = own.difference(own.values(model, own.IDS)[2])
    wanted = [before - path_patched(model, e.earlier, e.later) for e in some]
    np.testing.assert_allclose(path_effects(pair, some, rows=2), wanted, atol=1e-4)
    assert np.abs(wanted).max() > 1e-3


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_scores_foretell_path_patches(family: str) -> None:
    pair = made(tiny.model(family))
    parts = pair.clean.parts
    rng = np.random.default_rng(0)
    units = [
        Unit(
            "neuron", int(rng.integers(parts.n_layers)), int(at), int(rng.integers(parts.n_neurons))
        )
        for at in rng.choice([2, 3, 6], 60)
    ] + [Unit("head", layer, at, h) for layer in (1, 2) for at in (3, 6) for h in range(4)]
    found, _ = edges_of(pair, list(dict.fromkeys(units)))
    some = found.strongest(most=150)
    told = [one.score for one in some]
    assert np.corrcoef(told, path_effects(pair, some))[0, 1] > 0.8


def test_the_kept_edges_are_the_strongest_that_cover_a_share() -> None:
    units = (Unit("neuron", 0, 0, 0), Unit("neuron", 1, 0, 0))
    scores = np.array([[0.0, 0.0], [-3.0, 0.0], [1.0, 6.0]])
    found = Edges(units, scores, np.zeros(3), np.zeros(3))
    assert found.strongest(0.6) == [Edge(units[1], None, 6.0)]
    assert found.strongest(0.61) == [Edge(units[1], None, 6.0), Edge(units[0], units[1], -3.0)]
    assert found.strongest(1.0, most=1) == [Edge(units[1], None, 6.0)]
    assert len(found.strongest(1.0)) == 3
