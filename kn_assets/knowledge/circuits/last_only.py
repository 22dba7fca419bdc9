"""Methods that look at the prompt's last token alone, to compare with: of other tokens' neurons, of
heads and of embeddings they say nothing, and of no contrast.

- logprob: the *log-probability increase* of each value neuron (Yu and Ananiadou 2023, arXiv
  2312.12141): log p(answer) that the stream before its MLP gives with the neuron's value vector
  added, minus that without, both read by final norm and unembedding.
- last_token: knowledge attribution (Dai et al. 2021, arXiv 2104.08696) of the answer's probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from kn_assets.knowledge.circuits.split import Split
from kn_assets.knowledge.circuits.units import UnitScores

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.knowledge.circuits.pair import Pair

EXACT = 32
"""Neurons of a layer whose increase is computed; of the others it is the slope times the vector,
since each asks for the whole vocabulary's logits."""


def logprob(pairs: Sequence[Pair]) -> list[UnitScores]:
    """Of each pair of one clean prompt: natural log, exact for the `EXACT` neurons of each layer
    whose first-order increase is largest in size.
    """
    clean = pairs[0].clean
    split = Split.of(clean)
    found: dict[int, UnitScores] = {}
    for answer in {p.answer for p in pairs}:
        scores = [_increases(split, layer, answer) for layer in range(clean.parts.n_layers)]
        found[answer] = _at_last(pairs[0], np.stack(scores))
    return [found[p.answer] for p in pairs]


def last_token(pairs: Sequence[Pair]) -> list[UnitScores]:
    """Of each pair of one clean prompt. Raises KnError as `attribute` and `last_token`."""
    from kn_assets.knowledge.attribution import attribute
    from kn_assets.knowledge.last_token import of_parts

    clean = pairs[0].clean
    last = of_parts(clean.parts, clean.ids)
    found = {a: attribute(last, a).scores for a in {p.answer for p in pairs}}
    return [_at_last(pairs[0], found[p.answer]) for p in pairs]


def _increases(split: Split, layer: int, answer: int) -> np.ndarray:
    """Of all neurons of a layer: [N]."""
    clean = split.clean
    left = split.streams[layer].reshape(-1, split.streams[layer].shape[-1])[-1]
    output = split.mlp[layer]
    upstream = torch.zeros_like(left, requires_grad=True)
    # What the MLP's output becomes in the stream is linear: norms' scales are held.
    (back,) = torch.autograd.grad(left, output, upstream, create_graph=True, retain_graph=True)
    back = back.reshape(len(clean.ids), -1)[-1]
    written = output.detach().reshape(len(clean.ids), -1)[-1]
    (added,) = torch.autograd.grad(back, upstream, written, retain_graph=True)
    before = (left.detach() - added).requires_grad_()
    with torch.enable_grad():
        base = _log_probability(clean.parts, before[None], answer)[0]
        (slope,) = torch.autograd.grad(base, before)
    (toward,) = torch.autograd.grad(left, output, slope.to(left.dtype), retain_graph=True)
    toward = toward.reshape(len(clean.ids), -1)[-1]
    values = clean.values.neurons[layer][-1][:, None] * clean.parts.value_vectors(layer)
    increases = values @ toward
    most = increases.abs().topk(min(EXACT, len(increases))).indices
    vectors = torch.stack(
        [torch.autograd.grad(back, upstream, v, retain_graph=True)[0] for v in values[most]]
    )
    with torch.no_grad():
        with_each = _log_probability(clean.parts, before.detach() + vectors, answer)
    increases[most] = with_each - base.detach()
    return np.asarray(increases.float().cpu().numpy())


def _log_probability(parts: object, hidden: Tensor, answer: int) -> Tensor:
    logits: Tensor = parts.logits(hidden).float()  # type: ignore[attr-defined]
    return logits.log_softmax(-1)[:, answer]


def _at_last(pair: Pair, scores: np.ndarray) -> UnitScores:
    """Scores of the last token's neurons, [L, N], among all units."""
    n, parts = len(pair.clean.ids), pair.clean.parts
    neurons = np.zeros((parts.n_layers, n, parts.n_neurons), np.float32)
    neurons[:, -1] = scores
    heads = np.zeros((parts.n_layers, n, pair.clean.layout.n_heads), np.float32)
    return UnitScores(np.zeros(n, np.float32), heads, neurons)
