"""Attribution against autograd one neuron at a time, and against what completeness demands."""

import numpy as np
import pytest
import torch

from kn_assets.errors import KnError
from kn_assets.knowledge.attribution import Rule, attribute, nodes
from kn_assets.knowledge.last_token import last_token
from kn_assets.models.load import LoadedModel
from tests.knowledge import naive
from tests.models import tiny


def likeliest(model: LoadedModel) -> int:
    """An answer with something to attribute: the model's own."""
    with torch.no_grad():
        return int(naive.probabilities(model, naive.IDS, {}).argmax())


def close(found: np.ndarray, wanted: np.ndarray | list[float], largest: float) -> None:
    """To 1e-5, and to a thousandth of the largest score where that is less."""
    np.testing.assert_allclose(found, wanted, rtol=0, atol=min(1e-5, 1e-3 * largest))


@pytest.mark.parametrize("family", tiny.CONFIGS)
def test_equals_the_plain_path_in_every_family(family: str) -> None:
    """One autograd pass per layer and step through the whole model, on the whole prompt."""
    model = naive.loaded(family)
    last = last_token(model, naive.IDS)
    w = naive.activations(model, naive.IDS)
    torch.testing.assert_close(last.activations, w, atol=1e-5, rtol=1e-5)
    answer = likeliest(model)
    found = attribute(last, answer, steps=4, rule="right")
    largest = np.abs(found.scores).max()
    for layer in range(model.parts.n_layers):
        mean = torch.zeros_like(w[layer])
        for k in range(1, 5):
            leaf = (k / 4 * w[layer]).requires_grad_()

            def replaced(_: torch.Tensor, leaf: torch.Tensor = leaf) -> torch.Tensor:
                return leaf

            p = naive.probabilities(model, naive.IDS, {layer: replaced})[answer]
            mean += torch.autograd.grad(p, leaf)[0] / 4
        close(found.scores[layer], (w[layer] * mean).numpy(), largest)
        with torch.no_grad():
            zero = naive.probabilities(model, naive.IDS, {layer: torch.zeros_like})[answer]
        assert found.zeroed[layer] == pytest.approx(float(zero), abs=1e-5)
    with torch.no_grad():
        actual = naive.probabilities(model, naive.IDS, {})
    assert found.actual == pytest.approx(float(actual[answer]), abs=1e-5)
    torch.testing.assert_close(last.probabilities(), actual, atol=1e-5, rtol=0)


@pytest.mark.parametrize("family", ["gpt2", "pythia", "llama"])
def test_equals_one_neuron_at_a_time(family: str) -> None:
    changes = {"n_inner": 24} if family == "gpt2" else {"intermediate_size": 24}
    model = naive.loaded(family, **changes)
    answer = likeliest(model)
    found = attribute(last_token(model, naive.IDS), answer, steps=3, rule="midpoint")
    largest = np.abs(found.scores).max()
    assert largest > 1e-2, "there is something to attribute"
    for layer in range(model.parts.n_layers):
        wanted = naive.attribution(model, naive.IDS, answer, layer, [1 / 6, 3 / 6, 5 / 6])
        close(found.scores[layer], wanted, largest)


@pytest.mark.parametrize(("rule", "left"), [("right", 1e-1), ("midpoint", 1e-3), ("gauss", 1e-4)])
def test_sums_tend_to_the_effect_of_the_whole_layer(rule: Rule, left: float) -> None:
    model = naive.loaded("llama")
    last, answer = last_token(model, naive.IDS), likeliest(model)
    errors = []
    for steps in (2, 8, 32):
        found = attribute(last, answer, steps, rule)
        errors.append(np.abs(found.attribution_sums - found.probability_drops).max())
    largest = np.abs(found.probability_drops).max()
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < left * largest < errors[0]


def test_how_many_rows_go_together_changes_nothing() -> None:
    model = naive.loaded("gpt2")
    last, answer = last_token(model, naive.IDS), likeliest(model)
    whole = attribute(last, answer, 5)
    for rows in (1, 12):
        apart = attribute(last, answer, 5, rows=rows)
        np.testing.assert_allclose(apart.scores, whole.scores, atol=1e-6)
        np.testing.assert_allclose(apart.zeroed, whole.zeroed, atol=1e-6)
    one = attribute(last, answer, 5, layers=[1])
    assert one.layers == [1]
    np.testing.assert_allclose(one.scores[0], whole.scores[1], atol=1e-6)


@pytest.mark.parametrize("family", ["gpt2", "llama", "bloom"])
def test_a_prompt_of_one_token(family: str) -> None:
    model = naive.loaded(family)
    last = last_token(model, [8])
    with torch.no_grad():
        wanted = naive.probabilities(model, [8], {})
    torch.testing.assert_close(last.probabilities(), wanted, atol=1e-5, rtol=0)
    found = attribute(last, int(wanted.argmax()), 20)
    assert np.nanmedian(found.relative_errors) < 0.02


def test_rules_integrate_what_they_should() -> None:
    """Each against the integral of x^2 over [0, 1], and of x^9 where it must be exact."""
    for rule, error in (("right", 1 / 20 + 1 / 600), ("midpoint", -1 / 1200)):
        at, weight = nodes(rule, 10)  # type: ignore[arg-type]
        assert weight.sum() == pytest.approx(1)
        assert weight @ at**2 - 1 / 3 == pytest.approx(error)
    at, weight = nodes("gauss", 5)
    assert weight @ at**9 == pytest.approx(0.1)
    assert nodes("right", 4)[0].tolist() == [0.25, 0.5, 0.75, 1.0]
    with pytest.raises(KnError, match="midpoint"):
        nodes("left", 4)  # type: ignore[arg-type]
    with pytest.raises(KnError, match="steps must be at least 1"):
        nodes("right", 0)


def test_a_prompt_that_does_not_fit_is_refused() -> None:
    model = naive.loaded("gpt2")
    for ids in ([], [1] * 65):
        with pytest.raises(KnError, match="reads 1 to 64"):
            last_token(model, ids)


def test_bfloat16_is_near() -> None:
    """The same model in bfloat16, whose activations have three digits."""
    model = naive.loaded("llama")
    answer = likeliest(model)
    exact = attribute(last_token(model, naive.IDS), answer)
    model.model.to(torch.bfloat16)
    rough = attribute(last_token(model, naive.IDS), answer)
    largest = np.abs(exact.scores).max()
    np.testing.assert_allclose(rough.scores, exact.scores, rtol=0, atol=0.1 * largest)
    assert rough.scores.argmax() == exact.scores.argmax()
