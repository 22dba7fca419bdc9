"""Estimates by gradients and relevance against plain autograd, and against what they sum to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from kn_assets.knowledge.circuits.gradients import gradient, integrated
from kn_assets.knowledge.circuits.holding import gated
from kn_assets.knowledge.circuits.relevance import relevance
from tests.knowledge.circuits import plain
from tests.knowledge.circuits.test_patching import made
from tests.models import tiny


def plain_gradient(model: Any, embeddings: Any) -> tuple[list[Any], list[Any], Any]:
    """Gradients of the logit difference by inputs of both kinds of projections, and embeddings."""
    attention, mlp = plain.projections(model)
    kept: dict[Any, Any] = {}
    handles = [
        m.register_forward_pre_hook(lambda m, args: kept.__setitem__(m, args[0]))
        for m in [*attention, *mlp]
    ]
    embeddings = embeddings.detach().requires_grad_()
    logits = model(inputs_embeds=embeddings[None]).logits[0, -1]
    wanted = [kept[m] for m in attention] + [kept[m] for m in mlp] + [embeddings]
    found = torch.autograd.grad(logits[plain.ANSWER] - logits[plain.AGAINST], wanted)
    for handle in handles:
        handle.remove()
    n, of = len(plain.IDS), len(mlp)
    flat = [g.reshape(n, -1) for g in found]
    return flat[:of], flat[of : 2 * of], flat[-1]


@pytest.mark.parametrize("family", ["gpt2", "opt", "pythia", "llama", "gemma2", "qwen3"])
def test_gradients_are_autograd_s_own(family: str) -> None:
    model = tiny.model(family)
    pair = made(model)
    embed = model.get_input_embeddings()
    one, two = (embed(torch.tensor(ids)).detach() for ids in (plain.IDS, plain.OTHER))
    clean, other = plain.values(model, plain.IDS), plain.values(model, plain.OTHER)
    for scores, alphas in (
        (gradient([pair])[0], [1.0]),
        (integrated([pair], 3)[0], [1 / 6, 0.5, 5 / 6]),
    ):
        found = [plain_gradient(model, two + a * (one - two)) for a in alphas]
        for layer in range(len(clean[1])):
            mean = torch.stack([f[1][layer] for f in found]).mean(0)
            wanted = (clean[1][layer] - other[1][layer]) * mean
            np.testing.assert_allclose(scores.neurons[layer], wanted.numpy(), atol=2e-5)
            mean = torch.stack([f[0][layer] for f in found]).mean(0)
            by_head = ((clean[0][layer] - other[0][layer]) * mean).unflatten(-1, (4, -1)).sum(-1)
            np.testing.assert_allclose(scores.heads[layer], by_head.numpy(), atol=2e-5)
        embedded = ((one - two) * torch.stack([f[2] for f in found]).mean(0)).sum(-1)
        np.testing.assert_allclose(scores.embedding, embedded.numpy(), atol=2e-5)


def test_integrated_gradients_of_embeddings_sum_to_the_difference_of_differences() -> None:
    model = tiny.model("llama")
    pair = made(model)
    whole = pair.difference - plain.difference(plain.values(model, plain.OTHER)[2])
    (scores,) = integrated([pair], 200)
    assert scores.embedding.sum() == pytest.approx(whole, abs=2e-3 * abs(whole) + 1e-4)


@pytest.mark.parametrize("family", tiny.CONFIGS)
def test_relevance_is_conserved(family: str) -> None:
    pair = made(tiny.model(family))
    found = relevance([pair])
    assert found.conserved, found
    assert found.error < 1e-3


def test_relevance_by_hand_of_a_gated_mlp() -> None:
    """A neuron's score of the last layer is what it writes; before it, the rules one by one."""
    model = tiny.model("llama", num_hidden_layers=1)
    pair = made(model)
    assert gated(pair.clean.layout, 0)
    (scores,) = relevance([pair]).scores
    clean, other = plain.values(model, plain.IDS), plain.values(model, plain.OTHER)
    with torch.no_grad():
        block = model.model.layers[0]
        kept: list[Any] = []
        handle = block.register_forward_hook(
            lambda _m, _a, out: kept.append(out[0] if isinstance(out, tuple) else out)
        )
        model(input_ids=torch.tensor([plain.IDS]))
        handle.remove()
        last = kept[0].reshape(len(plain.IDS), -1)[-1]
        scale = (last.pow(2).mean() + model.config.rms_norm_eps).rsqrt()
        toward = model.lm_head.weight[plain.ANSWER] - model.lm_head.weight[plain.AGAINST]
        written = (toward * model.model.norm.weight * scale) @ block.mlp.down_proj.weight
        wanted = (clean[1][0][-1] - other[1][0][-1]) * written
    np.testing.assert_allclose(scores.neurons[0, -1], wanted.numpy(), atol=1e-5)
    np.testing.assert_allclose(scores.neurons[0, :-1], 0, atol=1e-7)
