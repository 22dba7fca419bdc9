"""Methods of the last token alone, against the formulas with plain hooks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from kn_assets.knowledge.attribution import attribute
from kn_assets.knowledge.circuits.estimates import estimate
from kn_assets.knowledge.last_token import of_parts
from kn_assets.models.parts import find_parts
from kn_assets.models.structure import input_major
from tests.knowledge.circuits import plain
from tests.knowledge.circuits.test_patching import made
from tests.models import tiny


def increases(model: Any, layer: int) -> np.ndarray:
    """log p(answer | stream before the MLP + a neuron's part) - log p(answer | that stream), by the
    model's own final norm and head: [N].
    """
    module = plain.projections(model)[1][layer]
    block = find_parts(model).blocks[layer]
    kept: dict[str, Any] = {}
    handles = [
        module.register_forward_hook(lambda _m, args, out: kept.update(values=args[0], out=out)),
        block.register_forward_hook(lambda _m, _a, out: kept.update(left=out)),
    ]
    with torch.no_grad():
        model(input_ids=torch.tensor([plain.IDS]))
        for handle in handles:
            handle.remove()
        left = kept["left"][0] if isinstance(kept["left"], tuple) else kept["left"]
        bias = 0 if module.bias is None else module.bias
        before = left[0, -1] - kept["out"].reshape(len(plain.IDS), -1)[-1]
        values = kept["values"].reshape(len(plain.IDS), -1)[-1]
        vectors = values[:, None] * input_major(module)
        assert torch.allclose(vectors.sum(0) + bias + before, left[0, -1], atol=1e-4)
        parts = find_parts(model)
        rows = parts.final_norm(torch.cat([before[None], before + vectors]))
        logs = (model.get_output_embeddings()(rows)).log_softmax(-1)[:, plain.ANSWER]
    return np.asarray((logs[1:] - logs[0]).numpy())


@pytest.mark.parametrize("family", ["gpt2", "pythia", "llama", "qwen3", "opt"])
def test_log_probability_increase_is_the_formula(family: str) -> None:
    model = tiny.model(family)
    (scores,), _ = estimate("logprob", [made(model)])
    for layer in range(3):
        wanted = increases(model, layer)
        most = np.argsort(-np.abs(wanted))[:8]
        np.testing.assert_allclose(scores.neurons[layer, -1, most], wanted[most], atol=1e-4)
        assert np.abs(wanted[most]).max() > 1e-2
        assert np.corrcoef(scores.neurons[layer, -1], wanted)[0, 1] > 0.9
    assert not scores.neurons[:, :-1].any()
    assert not scores.heads.any()


def test_the_last_token_s_method_is_knowledge_attribution_there() -> None:
    model = tiny.model("llama").requires_grad_(False)
    (scores,), _ = estimate("last_token", [made(model)])
    wanted = attribute(of_parts(find_parts(model), plain.IDS), plain.ANSWER).scores
    np.testing.assert_array_equal(scores.neurons[:, -1], wanted)
    assert np.abs(wanted).max() > 0
    assert not scores.neurons[:, :-1].any()
