"""Contributions, reads and later heads in each family, against what changes when a part is gone.

With patterns and scales held, and all else frozen, a logit or a pre-activation falls by exactly
what a part gave to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from kn_assets.atlas.direct.contributions import Contributions, contributions
from kn_assets.atlas.direct.held_pass import HeldPass
from kn_assets.atlas.direct.later import carried_by_head, later
from kn_assets.atlas.direct.layout import Layout
from kn_assets.atlas.direct.reads import reads
from kn_assets.models.parts import find_parts
from tests.atlas.direct.plain import Plain, frozen
from tests.models import families

IDS = np.arange(3, 14) * 7 % 300
TARGET = np.append(IDS[1:], -1)
AT = np.arange(len(IDS) - 1)
POSITION, NEURON = 6, 17
CLOSE = 1e-4


@dataclass
class Tried:
    """A family's model on one prompt: as it is taken apart, and by plain hooks."""

    held: HeldPass
    plain: Plain
    told: Contributions

    def part(self, values: Tensor, head: int) -> Tensor:
        """A copy without one head's part."""
        width = values.shape[-1] // self.held.layout.n_heads
        values = values.clone()
        values[..., head * width : (head + 1) * width] = 0
        return values

    def only(self, kept: Tensor, now: Tensor, head: int) -> Tensor:
        """What was kept, but for one head's part."""
        return kept + (now - self.part(now, head)) - (kept - self.part(kept, head))


@pytest.fixture(scope="module", params=families.PLACES)
def tried(request: pytest.FixtureRequest) -> Tried:
    model = families.model(request.param, "eager").requires_grad_(False)
    plain = Plain(model, request.param, IDS)
    held = HeldPass.of(Layout.of(find_parts(model)), IDS)
    return Tried(held, plain, contributions(held, TARGET))


def of_target(logits: Tensor) -> np.ndarray:
    return np.append(logits[AT, TARGET[AT]].numpy(), 0.0)


def test_all_units_sum_to_the_models_own_logit(tried: Tried) -> None:
    told = tried.told
    np.testing.assert_allclose(told.logit, of_target(tried.plain.logits), atol=CLOSE)
    np.testing.assert_allclose(told.neurons.sum(2), told.mlp, atol=CLOSE)
    np.testing.assert_allclose(told.heads.sum(2), told.attention, atol=CLOSE)
    whole = told.embedding + told.mlp.sum(1) + told.attention.sum(1) + told.biases
    np.testing.assert_allclose(whole, told.logit, atol=CLOSE)
    assert np.abs(told.logit).max() > 0.05
    assert told.mlp.all(axis=1)[:-1].all()
    assert told.attention.all(axis=1)[:-1].all()


def test_each_unit_is_missed_by_as_much_as_it_gives(tried: Tried) -> None:
    plain, told = tried.plain, tried.told
    logit = of_target(plain.logits)
    np.testing.assert_allclose(of_target(plain.run(frozen)), logit, atol=CLOSE)

    def lost(site: str, layer: int, without: Tensor) -> np.ndarray:
        def change(at: str, of: int, kept: Tensor, now: Tensor) -> Tensor:
            return without if (at, of) == (site, layer) else frozen(at, of, kept, now)

        return logit - of_target(plain.run(change))

    for layer in range(tried.held.parts.n_layers):
        heads = tried.held.heads[layer].detach()
        for head in range(tried.held.layout.n_heads):
            gone = lost("heads", layer, tried.part(heads, head))
            np.testing.assert_allclose(told.heads[:, layer, head], gone, atol=CLOSE)
        neurons = tried.held.neurons[layer].detach()
        without = neurons.clone()
        without[..., NEURON] = 0
        gone = lost("neurons", layer, without)
        np.testing.assert_allclose(told.neurons[:, layer, NEURON], gone, atol=CLOSE)
    none = torch.zeros_like(tried.held.inputs[0])
    np.testing.assert_allclose(told.embedding, lost("stream", 0, none), atol=CLOSE)

    def nothing(at: str, layer: int, kept: Tensor, now: Tensor) -> Tensor:
        return now if at == "stream" and layer else torch.zeros_like(kept)

    np.testing.assert_allclose(told.biases, of_target(plain.run(nothing)), atol=CLOSE)


def test_what_a_neuron_reads_is_missed_by_as_much_as_it_gives(tried: Tried) -> None:
    plain, layer, neuron = tried.plain, 1, NEURON
    found = reads(tried.held, layer, neuron, POSITION)
    before = {}

    def pre_activation(part: str, change: object) -> float:
        plain.run(change)  # type: ignore[arg-type]
        return float(plain.pre_activations[layer, part][POSITION, neuron])

    def without(token: int | None, head: int | None) -> object:
        """The stream without a token (None: any), of which one head (-1: none) takes notice."""

        def change(at: str, of: int, kept: Tensor, now: Tensor) -> Tensor:
            if of != layer or at == "neurons":
                return frozen(at, of, kept, now)
            if at == "stream":
                gone = kept.clone()
                gone[:, slice(None) if token is None else token] = 0
                return gone
            if head is None:
                return now
            return kept if head < 0 else tried.only(kept, now, head)

        return change

    plain.run(frozen)
    names = sorted(part for of, part in plain.pre_activations if of == layer)
    assert [part.name for part in found.parts] == names
    for part in found.parts:
        before[part.name] = pre_activation(part.name, frozen)
        assert part.value == pytest.approx(before[part.name], abs=CLOSE)
        assert part.own + part.heads.sum() + part.biases == pytest.approx(part.value, abs=CLOSE)
        assert part.biases == pytest.approx(
            pre_activation(part.name, without(None, None)), abs=CLOSE
        )
        gone = part.value - pre_activation(part.name, without(POSITION, -1))
        assert part.own == pytest.approx(gone, abs=CLOSE)
        assert part.heads.shape == (tried.held.layout.n_heads, POSITION + 1)
        for head, token in ((0, 0), (tried.held.layout.n_heads - 1, POSITION - 2)):
            gone = part.value - pre_activation(part.name, without(token, head))
            assert part.heads[head, token] == pytest.approx(gone, abs=CLOSE)
        gone = part.value - pre_activation(part.name, without(3, None))
        assert part.heads[:, 3].sum() == pytest.approx(gone, abs=CLOSE)
        assert bool(part.heads.any()) is not found.parallel
    activations = tried.held.neurons[layer].detach().reshape(len(IDS), -1)
    assert found.activation == float(activations[POSITION, neuron])


def test_later_heads_carry_what_is_missed_without_the_neuron(tried: Tried) -> None:
    plain = tried.plain
    activations = tried.held.neurons[0].detach().reshape(len(IDS), -1)
    neuron = int(activations[POSITION].abs().argmax())
    carried = carried_by_head(tried.held, 0, neuron, POSITION, TARGET)
    assert carried.shape == (1, tried.held.layout.n_heads, len(IDS))
    assert not carried[..., :POSITION].any()
    logit = of_target(plain.logits)

    def through(head: int | None) -> np.ndarray:
        """What the logit loses without the neuron, of which one head takes notice, or none."""

        def change(at: str, of: int, kept: Tensor, now: Tensor) -> Tensor:
            if (at, of) == ("neurons", 0):
                gone = kept.clone()
                gone.reshape(len(IDS), -1)[POSITION, neuron] = 0
                return gone
            if (at, of) == ("heads", 1) and head is not None:
                return tried.only(kept, now, head)
            return frozen(at, of, kept, now)

        return logit - of_target(plain.run(change))

    alone = through(None)
    for head in range(tried.held.layout.n_heads):
        np.testing.assert_allclose(carried[0, head], through(head) - alone, atol=CLOSE / 10)
    assert np.abs(carried).max() > 1e-5
    first = later(tried.held, 0, neuron, POSITION, TARGET)
    shares = [abs(c.contribution) for c in first]
    assert shares == sorted(shares, reverse=True)
    assert 0 < len(first) <= 12
    assert first[0].contribution == carried[0, first[0].head, first[0].position]
