"""What units write, kept for one target after the other, gives what a whole pass backward gives."""

from __future__ import annotations

import numpy as np
import pytest

from kn_assets.atlas.direct import written
from kn_assets.atlas.direct.contributions import contributions
from kn_assets.atlas.direct.held_pass import HeldPass
from kn_assets.atlas.direct.layout import Layout
from kn_assets.atlas.direct.written import ToldUnits, Written
from kn_assets.errors import KnError
from kn_assets.models.parts import find_parts
from tests.models import families

IDS = np.arange(3, 14) * 7 % 300
N = len(IDS)
TARGETS = [
    (np.append(IDS[1:], -1), None),
    (np.full(N, 17), np.append(np.full(N - 1, 5), -1)),
]
CLOSE = 1e-5


@pytest.fixture(scope="module", params=families.PLACES)
def held(request: pytest.FixtureRequest) -> HeldPass:
    model = families.model(request.param, "eager").requires_grad_(False)
    return HeldPass.of(Layout.of(find_parts(model)), IDS)


def every_unit(held: HeldPass) -> tuple[np.ndarray, np.ndarray]:
    """All neurons at all tokens, in an order of no meaning: places and numbers."""
    shape = N * held.parts.n_layers, held.parts.n_neurons
    at = np.random.default_rng(0).permutation(shape[0] * shape[1])
    return at // shape[1], at % shape[1]


def check(held: HeldPass, kept: Written, place: np.ndarray, neuron: np.ndarray) -> None:
    for target, against in TARGETS:
        found, wanted = kept.contributions(target, against), contributions(held, target, against)
        for name in ("logit", "embedding", "biases", "heads", "attention", "mlp"):
            np.testing.assert_allclose(
                getattr(found, name), getattr(wanted, name), atol=CLOSE, err_msg=name
            )
        neurons = wanted.neurons.reshape(-1, wanted.neurons.shape[2])
        np.testing.assert_allclose(found.fired, neurons[place, neuron], atol=CLOSE)
        sums(held, found, place)
        assert np.abs(found.fired).max() > 1e-4


def sums(held: HeldPass, found: ToldUnits, place: np.ndarray) -> None:
    """All units sum to the logit, here with every neuron by itself."""
    by_place = np.bincount(place, found.fired, N * held.parts.n_layers)
    whole = found.embedding + found.biases + found.heads.sum((1, 2), dtype=np.float64)
    whole += by_place.reshape(N, -1).sum(1)
    np.testing.assert_allclose(whole, found.logit, atol=1e-4)


def test_each_target_has_the_contributions_of_a_pass_backward(held: HeldPass) -> None:
    place, neuron = every_unit(held)
    kept = Written(held, place, neuron)
    assert kept.size > 0
    assert kept.is_of(place, neuron)
    assert not kept.is_of(place[:-1], neuron[:-1])
    check(held, kept, place, neuron)


def test_where_it_would_take_too_much_memory_nothing_is_kept(
    held: HeldPass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "MOST_BYTES", 1)
    place, neuron = every_unit(held)
    kept = Written(held, place, neuron)
    assert kept.size == 0
    check(held, kept, place, neuron)


def test_a_projection_that_does_more_is_refused() -> None:
    model = families.model("gpt2", "eager").requires_grad_(False)
    projection = model.get_submodule("transformer.h.1.mlp.c_proj")
    projection.register_forward_hook(lambda _m, _a, output: output * 1.5)
    held = HeldPass.of(Layout.of(find_parts(model)), IDS)
    none = np.empty(0, np.int64)
    with pytest.raises(KnError, match="layer 1 writes"):
        Written(held, none, none)
