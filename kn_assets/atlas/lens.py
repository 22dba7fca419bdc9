"""Logit lens: what each layer would predict, softmax(W_U norm_f(h)) (nostalgebraist 2020).

In float32 every number comes out of one full product with the unembedding. In bfloat16 the product
costs a third, but its output is rounded to 8 bits: so the likeliest candidates and the token that
truly follows are scored again in float32, and the sum over the vocabulary is taken in float32 with
the candidates' exact scores in place of the rounded ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from kn_assets.atlas.bits import code_at_most, codes

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.parts import Parts

CHUNK = 256  # tokens whose logits are held at once: 50 MB in float32 over 49,152 tokens
CANDIDATES = 24
_ROWS = 16


@dataclass(frozen=True)
class Lens:
    """The lens of some tokens after one layer.

    ids: int32 [tokens, k], likeliest first; probabilities: float32 [tokens, k];
    next_probability: float32 [tokens], of the token that follows, NaN where none does;
    next_rank: int32 [tokens], its rank from 1 (1 + the number of likelier tokens), 0 where none
    does.
    """

    ids: np.ndarray
    probabilities: np.ndarray
    next_probability: np.ndarray
    next_rank: np.ndarray


def lens(parts: Parts, hidden: Tensor, next_ids: Tensor, k: int = 5) -> Lens:
    """The lens of block outputs.

    hidden: [tokens, d_model] before the final norm, in the model's dtype; next_ids: int64 [tokens],
    -1 where no token follows.
    """
    import torch

    pieces = []
    for first in range(0, len(hidden), CHUNK):
        normed = parts.project_out(parts.final_norm(hidden[first : first + CHUNK]))
        following = next_ids[first : first + CHUNK]
        if normed.dtype == torch.float32 or not _is_plain(parts):
            pieces.append(_exact(parts.logits(normed, normed=True).float(), following, k))
        else:
            weight = cast("Tensor", parts.unembedding.weight)
            pieces.append(_rescored(weight, normed, following, k))
    joined = [torch.cat(p).cpu().numpy() for p in zip(*pieces, strict=True)]
    return Lens(joined[0].astype(np.int32), joined[1], joined[2], joined[3].astype(np.int32))


def _is_plain(parts: Parts) -> bool:
    """The head is a bare product with one matrix: no bias, scale or cap."""
    bare = parts.unembedding.bias is None and parts.logit_cap is None
    return bare and parts.logit_scale == 1.0


def _exact(logits: Tensor, following: Tensor, k: int) -> tuple[Tensor, ...]:
    import torch

    total = torch.logsumexp(logits, dim=1, keepdim=True)
    best = torch.topk(logits, k, dim=1)
    score = logits.gather(1, following.clamp(min=0)[:, None])
    rank = (logits > score).sum(1) + 1
    return _told(best.indices, best.values, total, score, rank, following)


def _rescored(weight: Tensor, normed: Tensor, following: Tensor, k: int) -> tuple[Tensor, ...]:
    """As `_exact`, from a product whose output is rounded to bfloat16.

    The rank of the next token compares its exact score with rounded ones, and rounded terms make up
    the sum but for the candidates': their roundings, of either sign, cancel out.
    """
    import torch

    rough = torch.nn.functional.linear(normed, weight)
    following_at = following.clamp(min=0)[:, None]
    found = torch.topk(rough, min(CANDIDATES, rough.shape[1]), dim=1, sorted=False).indices
    new = (found != following_at).all(1, keepdim=True)  # the next token may be a candidate too
    found = torch.cat([found, following_at], dim=1)
    counts = torch.ones_like(found, dtype=torch.float32)
    counts[:, -1:] = new
    exact = torch.einsum("td,tcd->tc", normed.float(), weight[found].float())
    score = exact[:, -1:]
    rounded = rough.gather(1, found).float()
    share, total = _shares(rough, found, rounded)
    change = (exact - total).exp() - share
    total = total + torch.log1p((counts * change).sum(1, keepdim=True))
    best = torch.topk(exact[:, :-1], k, dim=1)
    # A token never outranks itself, though its two scores may be a last digit apart.
    beats = (exact > score) & (found != following_at)
    above = beats.float() - (rounded > score).float()
    rank = _over(rough, score) + (counts * above).sum(1).long() + 1
    return _told(found.gather(1, best.indices), best.values, total, score, rank, following)


def _shares(rough: Tensor, found: Tensor, rounded: Tensor) -> tuple[Tensor, Tensor]:
    """Softmax of `rough` at `found`, and the log of its sum, in float32.

    A few rows at a time: what fits the processor's cache is several times faster than what doesn't.
    """
    import torch

    share = torch.cat(
        [
            torch.softmax(rows, 1, dtype=torch.float32).gather(1, at)
            for rows, at in zip(rough.split(_ROWS), found.split(_ROWS), strict=True)
        ]
    )
    top = rounded.argmax(1, keepdim=True)
    return share, rounded.gather(1, top) - share.gather(1, top).log()


def _over(rough: Tensor, score: Tensor) -> Tensor:
    """How many entries of each bfloat16 row are over a float32 score, int64 [rows].

    On a CPU, NumPy counts their bits as integers many times faster than torch counts numbers.
    """
    import torch

    if rough.device.type != "cpu":
        return (rough > score).sum(1)
    bounds = code_at_most(score.numpy()[:, 0])
    rows = rough.view(torch.int16).numpy()
    counts = [
        np.count_nonzero((row if bound >= 0 else codes(row)) > bound)
        for row, bound in zip(rows, bounds, strict=True)
    ]
    return torch.tensor(counts)


def _told(
    ids: Tensor, scores: Tensor, total: Tensor, score: Tensor, rank: Tensor, following: Tensor
) -> tuple[Tensor, ...]:
    none = following < 0
    probability = (score - total).exp()[:, 0].masked_fill(none, float("nan"))
    return ids, (scores - total).exp(), probability, rank.masked_fill(none, 0)
