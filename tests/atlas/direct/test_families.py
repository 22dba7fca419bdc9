"""Contributions, reads and later heads in each family, against what changes when a part is gone.

With patterns and scales held, and all else frozen, a logit or a pre-activation falls by exactly
what a part gave to it. Nothing crosses positions then, so at each position another part is taken
away in one run.
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
from tests.atlas.direct.plain import Change, Plain, frozen
from tests.models import families

IDS = np.arange(3, 14) * 7 % 300
N = len(IDS)
TARGET = np.append(IDS[1:], -1)
POSITION, NEURON = 6, 17
CLOSE = 1e-4


@dataclass
class Tried:
    """A family's model on one prompt: as it is taken apart, and by plain hooks."""

    held: HeldPass
    plain: Plain
    told: Contributions

    @property
    def n_heads(self) -> int:
        return self.held.layout.n_heads

    def of_heads(self, head_at: np.ndarray, layer: int) -> Tensor:
        """1 where a position's head stands in what an output projection takes, else 0."""
        mask = torch.zeros(1, N, self.n_heads, self.held.heads[layer].shape[-1] // self.n_heads)
        mask[0, range(N), head_at] = 1
        return mask.flatten(-2)

    def lost(self, change: Change) -> np.ndarray:
        """By how much the target's logit falls, [T]."""
        return of_target(self.plain.logits) - of_target(self.plain.run(change))


@pytest.fixture(scope="module", params=families.PLACES)
def tried(request: pytest.FixtureRequest) -> Tried:
    model = families.model(request.param, "eager").requires_grad_(False)
    plain = Plain(model, request.param, IDS)
    held = HeldPass.of(Layout.of(find_parts(model)), IDS)
    return Tried(held, plain, contributions(held, TARGET))


def of_target(logits: Tensor) -> np.ndarray:
    return np.append(logits[range(N - 1), TARGET[:-1]].numpy(), 0.0)


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
    told = tried.told
    np.testing.assert_allclose(tried.lost(frozen), 0, atol=CLOSE)
    layer_at = np.arange(N) % tried.held.parts.n_layers
    head_at, neuron_at = np.arange(N) // 2 % tried.n_heads, np.arange(N) * 5 % 48

    def without_heads(site: str, layer: int, kept: Tensor, now: Tensor) -> Tensor:
        if site != "heads":
            return frozen(site, layer, kept, now)
        here = torch.from_numpy(layer_at == layer)[None, :, None]
        return kept * (1 - tried.of_heads(head_at, layer) * here)

    def without_neurons(site: str, layer: int, kept: Tensor, now: Tensor) -> Tensor:
        if site != "neurons":
            return frozen(site, layer, kept, now)
        gone = kept.clone()
        here = np.flatnonzero(layer_at == layer)
        gone.view(N, -1)[here, neuron_at[here]] = 0
        return gone

    def without_embedding(site: str, layer: int, kept: Tensor, now: Tensor) -> Tensor:
        none = (site, layer) == ("stream", 0)
        return torch.zeros_like(kept) if none else frozen(site, layer, kept, now)

    def with_nothing(site: str, layer: int, kept: Tensor, now: Tensor) -> Tensor:
        return now if site == "stream" and layer else torch.zeros_like(kept)

    gone, at = tried.lost(without_heads), range(N)
    np.testing.assert_allclose(told.heads[at, layer_at, head_at], gone, atol=CLOSE)
    gone = tried.lost(without_neurons)
    np.testing.assert_allclose(told.neurons[at, layer_at, neuron_at], gone, atol=CLOSE)
    np.testing.assert_allclose(told.embedding, tried.lost(without_embedding), atol=CLOSE)
    left = of_target(tried.plain.run(with_nothing))
    np.testing.assert_allclose(told.biases, left, atol=CLOSE)


def test_what_a_neuron_reads_is_missed_by_as_much_as_it_gives(tried: Tried) -> None:
    """A token is taken from the stream, of which the heads of `through` take notice, or none."""
    plain, layer = tried.plain, 1

    def without(token: int | slice, through: list[int]) -> Change:
        def change(site: str, of: int, kept: Tensor, now: Tensor) -> Tensor:
            if of != layer or site == "neurons":
                return frozen(site, of, kept, now)
            if site == "stream":
                gone = kept.clone()
                gone[:, token] = 0
                return gone
            mask = sum(tried.of_heads(np.full(N, head), layer) for head in through)
            return kept + (now - kept) * mask

        return change

    def pre_activations(change: Change) -> dict[str, float]:
        plain.run(change)
        return {
            part: float(values[POSITION, NEURON])
            for (of, part), values in plain.pre_activations.items()
            if of == layer
        }

    every, last = list(range(tried.n_heads)), tried.n_heads - 1
    whole = pre_activations(frozen)
    nothing = pre_activations(without(slice(None), every))
    alone = pre_activations(without(POSITION, []))
    one, other = (pre_activations(without(t, [h])) for h, t in ((0, 0), (last, POSITION)))
    summed = pre_activations(without(3, every))
    found = reads(tried.held, layer, NEURON, POSITION)
    assert [part.name for part in found.parts] == sorted(whole)
    for part in found.parts:
        name, heads = part.name, part.heads
        assert heads.shape == (tried.n_heads, POSITION + 1)
        assert part.value == pytest.approx(whole[name], abs=CLOSE)
        assert part.own + heads.sum() + part.biases == pytest.approx(part.value, abs=CLOSE)
        assert part.biases == pytest.approx(nothing[name], abs=CLOSE)
        assert part.own == pytest.approx(whole[name] - alone[name], abs=CLOSE)
        assert heads[0, 0] == pytest.approx(whole[name] - one[name], abs=CLOSE)
        assert heads[last, POSITION] == pytest.approx(alone[name] - other[name], abs=CLOSE)
        assert heads[:, 3].sum() == pytest.approx(whole[name] - summed[name], abs=CLOSE)
        assert bool(heads.any()) is not found.parallel
    activations = tried.held.neurons[layer].detach().view(N, -1)
    assert found.activation == float(activations[POSITION, NEURON])


def test_later_heads_carry_what_is_missed_without_the_neuron(tried: Tried) -> None:
    activations = tried.held.neurons[0].detach().view(N, -1)
    neuron = int(activations[POSITION].abs().argmax())
    head_at = np.arange(N) % tried.n_heads

    def without(through: bool) -> Change:
        """The neuron's output; of which one head at each position takes notice, or none."""

        def change(site: str, layer: int, kept: Tensor, now: Tensor) -> Tensor:
            if (site, layer) == ("neurons", 0):
                gone = kept.clone()
                gone.view(N, -1)[POSITION, neuron] = 0
                return gone
            if (site, layer) == ("heads", 1) and through:
                return kept + (now - kept) * tried.of_heads(head_at, layer)
            return frozen(site, layer, kept, now)

        return change

    carried = carried_by_head(tried.held, 0, neuron, POSITION, TARGET)
    assert carried.shape == (1, tried.n_heads, N)
    assert not carried[..., :POSITION].any()
    gone = tried.lost(without(True)) - tried.lost(without(False))
    np.testing.assert_allclose(carried[0, head_at, range(N)], gone, atol=CLOSE / 10)
    assert np.abs(carried).max() > 1e-5
    first = later(tried.held, 0, neuron, POSITION, TARGET)
    shares = [abs(c.contribution) for c in first]
    assert shares == sorted(shares, reverse=True)
    assert 0 < len(first) <= 12
    assert first[0].contribution == carried[0, first[0].head, first[0].position]
