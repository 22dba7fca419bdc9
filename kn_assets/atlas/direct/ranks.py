"""Ranks and probabilities of any target after each layer of one prompt (logit lens).

The lens' logits of all layers are the costly part and the same for every target, so they are kept
where they take little memory: another target is a look through them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from kn_assets.atlas.compiled import compiled
from kn_assets.atlas.lens.ties import ties
from kn_assets.progress import Bar, Progress

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.parts import Parts

KEPT_BYTES = 1 << 29


@dataclass(frozen=True, eq=False)
class Ranks:
    """rank: int64 [T, L], from 1, the worst of a tie, 0 without a target; probability: float32."""

    rank: np.ndarray
    probability: np.ndarray


def answers(parts: Parts, output: Tensor) -> np.ndarray:
    """The likeliest next tokens by the last block's output, [1, T, d_model]: int64 [T].

    Of equal ones the lowest id.
    """
    import torch

    with torch.no_grad():
        return parts.logits(output[0]).argmax(1).cpu().numpy()


class LensLogits:
    """The lens after each layer of one prompt, for any target.

    `answers`: as the function gives them; `following`: float32 [T], the natural logarithm of the
    probability of the token that really follows, 0 at the last position.
    """

    def __init__(
        self, parts: Parts, outputs: list[Tensor], ids: np.ndarray, progress: Progress
    ) -> None:
        """outputs: the blocks' outputs, [1, T, d_model] each, in float32; ids: int [T]."""
        self._parts, self._outputs = parts, outputs
        self._kept: list[Tensor] = []
        self._totals: list[Tensor] = []
        last = None
        keeps = 4 * len(ids) * len(outputs) * parts.vocab_size <= KEPT_BYTES
        with progress.bar("lens", len(outputs), "layers") as bar:
            for last in self._computed(bar):
                self._totals.append(last.logsumexp(1))
                if keeps:
                    self._kept.append(last)
        assert last is not None, "a model has layers"
        self.answers = last.argmax(1).cpu().numpy()
        self.following = self._following(last, ids)

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return sum(4 * kept.numel() for kept in self._kept)

    def ranks(self, target: np.ndarray, progress: Progress) -> Ranks:
        """Of a target at each position, int64 [T], -1 for none."""
        import torch

        rank, probability = [], []
        ids = torch.from_numpy(np.maximum(target, 0)).to(self._totals[0].device)
        with progress.bar("ranks", len(self._outputs), "layers") as bar:
            for logits, total in zip(self._logits(bar), self._totals, strict=True):
                own = logits.gather(1, ids[:, None])
                rank.append(self._rank(logits, own, ids).cpu().numpy())
                probability.append((own[:, 0] - total).exp().cpu().numpy())
        there = (target >= 0)[:, None]
        return Ranks(np.stack(rank, 1) * there, np.stack(probability, 1) * there)

    def _logits(self, bar: Bar) -> Iterator[Tensor]:
        if not self._kept:
            yield from self._computed(bar)
            return
        yield from self._kept
        bar.advance(len(self._kept))

    def _computed(self, bar: Bar) -> Iterator[Tensor]:
        """Logits of all tokens, [T, vocab_size], layer by layer."""
        import torch

        for output in self._outputs:
            with torch.no_grad():
                logits = self._parts.logits(output[0])
            yield logits
            bar.advance()

    def _rank(self, logits: Tensor, own: Tensor, ids: Tensor) -> Tensor:
        """How many tokens are at least as likely, int64 [T]; those of equal rows always are."""
        import torch

        if logits.device.type == "cpu":
            rank = torch.from_numpy(_at_least(logits.numpy(), own[:, 0].numpy()))
        else:
            rank = (logits >= own).sum(1)
        weight = cast("Tensor", self._parts.unembedding.weight)  # itself: its ties are remembered
        if weight.device.type != "cpu" or self._parts.unembedding.bias is not None:
            return rank
        of = ties(weight)
        for token in ids[of.sizes[ids] > 1].unique().tolist():
            equal = (of.keys == of.keys[token]).nonzero()[:, 0]
            rows = (ids == token).nonzero()[:, 0]
            below = (logits[rows][:, equal] < own[rows]).sum(1)
            rank[rows] += below
        return rank

    def _following(self, logits: Tensor, ids: np.ndarray) -> np.ndarray:
        import torch

        after = torch.from_numpy(np.asarray(ids[1:], np.int64)).to(logits.device)
        own = logits[:-1].gather(1, after[:, None])[:, 0] - self._totals[-1][:-1]
        return np.append(own.cpu().numpy(), 0.0).astype(np.float32)


@compiled
def _at_least(rows: np.ndarray, least: np.ndarray) -> np.ndarray:
    """How many numbers of each row, float32 [n, m], are at least so large: int64 [n]."""
    counts = np.zeros(len(rows), np.int64)
    for i in range(len(rows)):
        row, bound, count = rows[i], least[i], np.uint32(0)
        for j in range(len(row)):
            count += np.uint32(row[j] >= bound)
        counts[i] = count
    return counts
