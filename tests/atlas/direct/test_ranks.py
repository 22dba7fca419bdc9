"""Ranks and probabilities by layer, against the model's own logits with that layer's output."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from kn_assets.atlas.direct import ranks as module
from kn_assets.atlas.direct.ranks import LensLogits, answers
from kn_assets.models.parts import find_parts
from kn_assets.progress import Progress
from tests.models import families

IDS = np.arange(3, 14) * 7 % 300


def outputs_and_logits(model: Any, family: str) -> tuple[list[torch.Tensor], np.ndarray]:
    """The blocks' outputs, and the model's logits [L, T, vocabulary] where its last block gives
    each.
    """
    blocks = list(model.get_submodule(families.PLACES[family][0]))
    outputs: list[Any] = []
    hooks = [b.register_forward_hook(lambda _m, _i, o: outputs.append(o)) for b in blocks]
    ids, logits = torch.from_numpy(IDS)[None], []
    with torch.no_grad():
        model(ids, use_cache=False)
        for hook in hooks:
            hook.remove()
        for output in outputs:
            hook = blocks[-1].register_forward_hook(lambda _m, _i, _o, put=output: put)
            logits.append(model(ids, use_cache=False).logits[0].numpy())
            hook.remove()
    return [o[0] if isinstance(o, tuple) else o for o in outputs], np.stack(logits)


@pytest.mark.parametrize("kept", [0, 1 << 29])
@pytest.mark.parametrize("family", ["gpt2", "gemma2", "phi", "opt"])
def test_ranks_by_layer(family: str, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_BYTES", kept)
    model = families.model(family, "eager").requires_grad_(False)
    outputs, logits = outputs_and_logits(model, family)
    lens = LensLogits(find_parts(model), outputs, IDS)
    target = np.array([5, 299, 0, -1, 17, 17, 40, 41, 42, 43, -1])
    lens.ranks(np.zeros_like(target), Progress())
    of_layers = len(outputs) if kept else 1
    assert lens.size == 4 * len(IDS) * logits.shape[2] * of_layers
    found, end = lens.ranks(target, Progress()), lens.at_end(target)
    np.testing.assert_array_equal(end.rank, found.rank[:, -1])
    np.testing.assert_array_equal(end.probability, found.probability[:, -1])
    assert found.rank.shape == found.probability.shape == (len(IDS), len(outputs))
    p = torch.from_numpy(logits).double().softmax(-1).numpy()
    for position, token in enumerate(target):
        for layer, of in enumerate(logits[:, position]):
            rank = int((of >= of[token]).sum()) if token >= 0 else 0
            assert found.rank[position, layer] == rank
            probability = p[layer, position, token] if token >= 0 else 0.0
            assert found.probability[position, layer] == pytest.approx(probability, abs=1e-5)
    np.testing.assert_array_equal(lens.answers, logits[-1].argmax(1))
    np.testing.assert_array_equal(answers(find_parts(model), outputs[-1]), lens.answers)
    following = np.log([p[-1, i, t] for i, t in enumerate(IDS[1:])])
    np.testing.assert_allclose(lens.following, [*following, 0.0], atol=1e-4)


def test_tokens_with_equal_rows_share_the_worst_rank() -> None:
    model = families.model("gpt2", "eager").requires_grad_(False)
    model.lm_head.weight[20:120] = model.lm_head.weight[7]
    outputs, logits = outputs_and_logits(model, "gpt2")
    lens = LensLogits(find_parts(model), outputs, IDS)
    for token in (7, 20, 119):
        rank = lens.ranks(np.full(len(IDS), token), Progress()).rank
        for layer, of in enumerate(logits):
            others = np.delete(of, [7, *range(20, 120)], 1)
            np.testing.assert_array_equal(rank[:, layer], (others >= of[:, [token]]).sum(1) + 101)
