"""Logit lens: what each layer would predict, softmax(W_U norm_f(h)) (nostalgebraist 2020).

Every probability is a softmax in float32 or better, whatever the model's dtype: logits rounded to
bfloat16 would put it off by several percent. Final norm and `project_out` run in the model's own
dtype, as they do before its own head. On a CPU `kn_assets.atlas.lens.fused` takes what it needs
from the product while it is fresh; elsewhere, and where a head does more than one product, logits
are held in float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from kn_assets.atlas.lens.fused import fused, usable

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.parts import Parts

_LOGITS = 48 << 20  # bytes of float32 logits held at once on a CPU: over 49,152 tokens 256 rows
_LOGITS_ELSEWHERE = 1 << 30
_TILE = 8192  # vocabulary rows turned to float32 at once


@dataclass(frozen=True)
class Lens:
    """The lens of some tokens after one layer.

    ids: int32 [tokens, k], likeliest first, of equal ones the lowest id; probabilities: float32
    [tokens, k];
    next_probability: float32 [tokens], of the token that follows, NaN where none does;
    next_rank: int32 [tokens], its rank, the worst of those it ties with: how many tokens are at
    least as likely, itself counted; 0 where none follows.
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
    normed = parts.project_out(parts.final_norm(hidden))
    none = next_ids < 0
    following = next_ids.clamp(min=0)
    weight = cast("Tensor", parts.unembedding.weight)
    if len(normed) and _is_plain(parts) and usable(weight):
        *found, sound = fused(weight, normed, following, k)
        if not sound.all():
            rows = (~sound).nonzero()[:, 0]
            again = _in_pieces(parts, normed[rows], following[rows], k)
            for kept, new in zip(found, again, strict=True):
                kept[rows] = new
    else:
        found = _in_pieces(parts, normed, following, k)
    ids, scores, total, score, rank = found
    probability = (score - total).exp()[:, 0].masked_fill(none, float("nan"))
    told = (ids, (scores - total).exp(), probability, rank[:, 0].masked_fill(none, 0))
    arrays = [t.cpu().numpy() for t in told]
    return Lens(arrays[0].astype(np.int32), arrays[1], arrays[2], arrays[3].astype(np.int32))


def _is_plain(parts: Parts) -> bool:
    """The head is a bare product with one matrix: no bias, scale or cap."""
    bare = parts.unembedding.bias is None and parts.logit_cap is None
    return bare and parts.logit_scale == 1.0


def _in_pieces(parts: Parts, normed: Tensor, following: Tensor, k: int) -> list[Tensor]:
    """As `_exact`, some rows at a time."""
    import torch

    held = _LOGITS if normed.device.type == "cpu" else _LOGITS_ELSEWHERE
    size = max(1, held // (4 * parts.vocab_size))
    pieces = [
        _exact(parts, rows, after, k)
        for rows, after in zip(normed.split(size), following.split(size), strict=True)
    ]
    return [torch.cat(p) for p in zip(*pieces, strict=True)]


def _exact(parts: Parts, normed: Tensor, following: Tensor, k: int) -> tuple[Tensor, ...]:
    """ids, their scores, log of the sum, the next token's score and rank; [tokens, k or 1] each."""
    import torch

    logits = _logits(parts, normed)
    total = torch.logsumexp(logits, dim=1, keepdim=True)
    score = logits.gather(1, following[:, None])
    rank = (logits >= score).sum(1, keepdim=True)
    ids, values = _likeliest(logits, k)
    return ids, values, total, score, rank


def _likeliest(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k largest of each row and their places, largest first, of equal ones the first.

    Those of `torch.topk` come in any order where they tie; it tells where they may.
    """
    import torch

    best = torch.topk(logits, min(k + 1, logits.shape[1]), dim=1)
    ids, values = best.indices[:, :k].clone(), best.values[:, :k]
    tied = (best.values[:, 1:] == best.values[:, :-1]).any(1).nonzero()[:, 0]
    left = logits[tied]
    for place in range(min(k, logits.shape[1])):
        first = left.argmax(1, keepdim=True)
        ids[tied, place] = first[:, 0]
        left.scatter_(1, first, -torch.inf)
    return ids, values


def _logits(parts: Parts, normed: Tensor) -> Tensor:
    """The head's logits in float32, from products that are added up in float32."""
    import torch

    if normed.dtype == torch.float32:
        return parts.logits(normed, normed=True)
    weight = cast("Tensor", parts.unembedding.weight)
    bias = cast("Tensor | None", parts.unembedding.bias)
    if normed.device.type == "cuda":
        logits = torch.mm(normed, weight.T, out_dtype=torch.float32)
    else:
        rows = normed.float()
        logits = torch.cat([rows @ some.float().T for some in weight.split(_TILE)], dim=1)
    if bias is not None:
        logits += bias.float()
    if parts.logit_scale != 1.0:
        logits *= parts.logit_scale
    if parts.logit_cap is not None:
        logits = (logits / parts.logit_cap).tanh() * parts.logit_cap
    return logits
