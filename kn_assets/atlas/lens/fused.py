"""The lens' product with the unembedding on a CPU, in one fused operation and a few cheap passes.

A full softmax reads the logits several times and a top-k over the vocabulary costs as much as the
product. Here oneDNN applies a sigmoid to the product's float32 accumulators, less a centre above
the likeliest token: sigmoid(x) is exp(x) / (1 + exp(x)), so far below the centre it is exp(x). What
is rounded to the model's dtype is thus each term of the softmax's sum (by 2 ** -9 of itself in
bfloat16), and not its logit (by 2 ** -9 of the logit, six percent of a term at a logit of 30).

- The sum over the vocabulary is a sum of those terms; the likeliest tokens', which carry most of
  it, are put in exactly. With the 24 likeliest exact the rest's roundings, independent of one
  another, move no probability by more than a standard deviation of 3e-5, and mostly far less.
- Candidates are looked for where the largest term of a block of 64, then of 8, is among the
  largest: nobody sorts the vocabulary. They are scored again in float32.
- The rank of the next token counts terms over its own, and all tokens that tie with it by equal
  rows (`ties`). Counting, summing and the blocks' largest are one compiled pass over the terms.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor

CANDIDATES = 24
ABOVE = 8.0  # the centre's distance from the likeliest token: terms are below exp(-8)
_LARGEST = 0.01  # a term over this says that the centre was too low
_DEEPEST = -80.0  # a next token so far under the centre has no term to compare with
_ROUNDS = 8
_ROUNDING = {2: 2.0**-7, 4: 2.0**-13}  # twice what a term of so many bytes may be off, of itself
_TERMS = 24 << 20  # bytes of terms held at once; allocations over 32 MB cost fresh pages each time
_SAMPLE = 1024  # vocabulary rows whose largest score places the centre: the commonest tokens


def usable(weight: Tensor) -> bool:
    """Whether the fused product can be had for this weight: on a CPU, by torch with oneDNN."""
    return weight.device.type == "cpu" and _gives_terms(weight.dtype)


@cache
def _gives_terms(dtype: torch.dtype) -> bool:
    """Try it: the operation is torch's own, and not on every processor the same."""
    import torch

    if dtype not in (torch.float32, torch.bfloat16):
        return False
    rows = torch.linspace(-1, 1, 16 * 32).view(16, 32).to(dtype)
    centre = torch.full((16,), 30.0, dtype=dtype)
    wanted = torch.sigmoid(rows.double() @ rows.double().T - 30)
    try:
        found = torch.ops.mkldnn._linear_pointwise(rows, rows, -centre, "sigmoid", [], "")
    except (AttributeError, RuntimeError, NotImplementedError):  # none here, or not in this dtype
        return False
    bound = 1e-4 if dtype == torch.float32 else 2**-8
    return bool((found.double() / wanted - 1).abs().max() < bound)


def fused(
    weight: Tensor, normed: Tensor, following: Tensor, k: int
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The k likeliest tokens, and the rank of the next one, of softmax(normed @ weight.T).

    weight: [vocabulary, d_model]; normed: [tokens, d_model], both float32 or bfloat16; following:
    int64 [tokens], ids of the next tokens. Gives ids int64 [tokens, k], their scores float32
    [tokens, k], the log of the sum over the vocabulary float32 [tokens, 1], the next token's score
    float32 [tokens, 1] and rank int64 [tokens, 1]; and bool [tokens], which rows are sound.
    """
    import torch

    from kn_assets.atlas.lens.terms import rescored

    score = rescored(weight, normed, following[:, None])[:, 0]
    likely = torch.nn.functional.linear(normed, weight[:_SAMPLE]).amax(1).float()
    centre = torch.maximum(likely, score).add(ABOVE).to(normed.dtype)
    n = len(normed)
    out = (
        torch.zeros(n, k, dtype=torch.int64),
        torch.zeros(n, k),
        torch.zeros(n, 1),
        score[:, None],
        torch.zeros(n, 1, dtype=torch.int64),
        torch.zeros(n, dtype=torch.bool),
    )
    size = max(8, _TERMS // (len(weight) * weight.element_size()) // 8 * 8)
    left = torch.arange(n)
    for _ in range(_ROUNDS):
        low = []
        for rows in left.split(size):
            found = _pass(weight, normed[rows], following[rows], score[rows], centre[rows], k)
            *told, largest, clear = found
            for kept, new in zip((*out[:3], out[4]), told, strict=True):
                kept[rows] = new
            well = largest < _LARGEST
            out[5][rows] = well & clear & (score[rows] - centre[rows] > _DEEPEST)
            # Where a term is 1, all that's known is that the centre was some ten too low.
            raised = torch.where(largest < 0.9, found[1].amax(1) + ABOVE, centre[rows] + 2 * ABOVE)
            centre[rows] = torch.where(well, centre[rows], raised.to(centre.dtype))
            low.append(rows[~well])
        left = torch.cat(low)
        if not len(left):
            break
    return out


def _pass(
    weight: Tensor, normed: Tensor, following: Tensor, score: Tensor, centre: Tensor, k: int
) -> tuple[Tensor, ...]:
    """ids, scores, log of the sum and rank, for one centre each; then each token's largest term,
    and whether its k likeliest stand clear of all that are no candidates.
    """
    import torch

    from kn_assets.atlas.lens.terms import candidates, rescored, scanned
    from kn_assets.atlas.lens.ties import ties

    terms = torch.ops.mkldnn._linear_pointwise(weight, normed, -centre, "sigmoid", [], "")
    own = torch.sigmoid(score - centre.float())
    bound = _bound(own, terms.dtype)
    seen = scanned(terms, bound)
    ids, kept = candidates(terms, seen, CANDIDATES)
    least = kept[:, -1].clone()
    ids, order = ids.sort(dim=1)  # so that of equal scores the lowest id comes first
    kept = kept.gather(1, order)
    scores = rescored(weight, normed, ids)
    exact = (scores - centre.float()[:, None]).exp()
    total = seen.sums.float() - kept.sum(1) + exact.sum(1)
    # Candidates are compared by their exact scores. A token and those that tie with it are never
    # told by their terms, which may be a last digit from its exact score: all of them count.
    of = ties(weight)
    equal, n_equal = of.keys[ids] == of.keys[following][:, None], of.sizes[following]
    beats = (scores > score[:, None]) & ~equal
    term = terms.gather(0, following[None])[0].float()
    above, past = kept > bound[:, None], term > bound
    counted = above.sum(1) + past * (n_equal - equal.sum(1))
    rank = seen.over - counted + beats.sum(1) + n_equal
    best = scores.sort(dim=1, descending=True, stable=True)
    likeliest = best.values[:, :k]
    reach = least * (1 + _ROUNDING[terms.element_size()])
    clear = torch.sigmoid(likeliest[:, -1] - centre.float()) > reach
    if len(weight) <= CANDIDATES:
        clear = torch.ones_like(clear)
    return (
        ids.gather(1, best.indices[:, :k]),
        likeliest,
        (total.log() + centre.float())[:, None],
        rank[:, None],
        kept.amax(1),
        clear,
    )


def _bound(own: Tensor, dtype: torch.dtype) -> Tensor:
    """The largest number of a dtype that isn't over `own` (positive float32)."""
    import torch

    if dtype == torch.float32:
        return own
    return (own.view(torch.int32) & ~0xFFFF).view(torch.float32)
