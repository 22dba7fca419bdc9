"""Estimates by gradients: integrated from the contrast's embeddings to the clean ones, or plain.

The score of a unit is (its clean value - its contrast's) times a gradient of the logit difference:

- integrated: the mean gradient over midpoints of the straight way from the contrast's embeddings to
  the clean ones (Sundararajan et al. 2017, arXiv 1703.01365; over the inputs, read at the units, as
  in Hanna et al. 2024, arXiv 2403.17806);
- gradient: at the clean prompt (attribution patching; Nanda 2023, Syed et al. 2023, arXiv
  2310.10348).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from kn_assets.errors import KnError
from kn_assets.knowledge.circuits.units import UnitScores
from kn_assets.knowledge.circuits.whole_prompt import Seen, WholePrompt

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.knowledge.circuits.pair import Pair

MIDPOINTS = 8
ROWS = 32
"""Rows of a pass: bounds the memory that a graph takes."""


def integrated(pairs: Sequence[Pair], midpoints: int = MIDPOINTS) -> list[UnitScores]:
    """Of each pair of one clean prompt, by integrated gradients. Raises KnError where a gradient
    isn't finite.
    """
    return _scores(pairs, _midpoints(midpoints))


def gradient(pairs: Sequence[Pair]) -> list[UnitScores]:
    """Of each pair of one clean prompt, by the gradient at it. Raises KnError as `integrated`."""
    return _scores(pairs, [1.0])


def mean_gradients(pair: Pair, midpoints: int = MIDPOINTS) -> list[Tensor]:
    """What `integrated` multiplies by: of each place, see `places`, the mean gradient of one pair's
    logit difference over the midpoints, float64 [T, width].
    """
    (found,) = _together([pair], _midpoints(midpoints))
    return found


def _midpoints(n: int) -> list[float]:
    if n < 1:
        raise KnError("midpoints must be at least 1")
    return [(k + 0.5) / n for k in range(n)]


def _scores(pairs: Sequence[Pair], alphas: Sequence[float]) -> list[UnitScores]:
    found = []
    together = max(1, ROWS // len(alphas))
    for start in range(0, len(pairs), together):
        some = pairs[start : start + together]
        of_each = _together(some, alphas)
        found += [difference_times(p, g) for p, g in zip(some, of_each, strict=True)]
    return found


def _together(pairs: Sequence[Pair], alphas: Sequence[float]) -> list[list[Tensor]]:
    """Of each pair the mean gradients over `alphas`, by place."""
    clean = pairs[0].clean
    rows = [(pair, alpha) for pair in pairs for alpha in alphas]
    begun = torch.stack(
        [p.other.inputs[0] + a * (clean.values.inputs[0] - p.other.inputs[0]) for p, a in rows]
    )
    gradients = _gradients(clean, begun, [p for p, _ in rows], [a for _, a in rows])
    n = len(alphas)
    return [[g[i * n : (i + 1) * n].double().mean(0) for g in gradients] for i in range(len(pairs))]


def _gradients(
    clean: WholePrompt, begun: Tensor, pairs: Sequence[Pair], alphas: Sequence[float]
) -> list[Tensor]:
    """By embedding, heads and neurons of each layer: [rows, T, width] each. Some rows at a time."""
    parts = []
    for start in range(0, len(begun), ROWS):
        some = slice(start, start + ROWS)
        leaf = begun[some].detach().requires_grad_()
        seen = Seen()
        with torch.enable_grad():
            logits = clean.parts.logits(clean.run(0, leaf, seen=seen)).float()
            rows = torch.arange(len(logits), device=logits.device)
            answers = torch.tensor([p.answer for p in pairs[some]], device=logits.device)
            against = torch.tensor([p.against for p in pairs[some]], device=logits.device)
            difference = logits[rows, answers] - logits[rows, against]
            parts.append(torch.autograd.grad(difference.sum(), places(leaf, seen)))
    return [torch.cat(of_place) for of_place in zip(*parts, strict=True)]


def places(embedding: Tensor, seen: Seen) -> list[Tensor]:
    """The tensors that gradients are asked of: embedding, heads and neurons by layer."""
    layers = sorted(seen.heads)
    return [embedding, *(seen.heads[i] for i in layers), *(seen.neurons[i] for i in layers)]


def difference_times(pair: Pair, gradients: Sequence[Tensor]) -> UnitScores:
    """(clean - contrast) times a gradient, summed over what a unit is of. gradients: of `places`,
    without rows. Raises KnError where one isn't finite.
    """
    one, two, layout = pair.clean.values, pair.other, pair.clean.layout
    n = layout.parts.n_layers
    apart = [
        a - b
        for a, b in zip(
            [one.inputs[0], *one.heads, *one.neurons],
            [two.inputs[0], *two.heads, *two.neurons],
            strict=True,
        )
    ]
    products = [a.double() * g.double() for a, g in zip(apart, gradients, strict=True)]
    if not all(bool(torch.isfinite(p).all()) for p in products):
        raise KnError("a gradient overflows, so nothing can be said of any unit")
    by_head = [p.unflatten(-1, (layout.n_heads, -1)).sum(-1) for p in products[1 : 1 + n]]
    return UnitScores(
        _array(products[0].sum(-1)),
        _array(torch.stack(by_head)),
        _array(torch.stack(products[1 + n :])),
    )


def _array(values: Tensor) -> np.ndarray:
    return values.float().cpu().numpy()
