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
    """rank: int64, from 1, the worst of a tie, 0 without a target; probability: float32."""

    rank: np.ndarray
    probability: np.ndarray


@dataclass(frozen=True)
class _Layer:
    """logits: [T, vocabulary]; totals: [T], the logarithm of the sum of their exponentials."""

    logits: Tensor
    totals: Tensor


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

    def __init__(self, parts: Parts, outputs: list[Tensor], ids: np.ndarray) -> None:
        """outputs: the blocks' outputs, [1, T, d_model] each, in float32; ids: int [T]."""
        self._parts, self._outputs = parts, outputs
        self._last = self._computed(len(outputs) - 1)
        self._kept: list[_Layer] = []
        self.answers = self._last.logits.argmax(1).cpu().numpy()
        self.following = self._following(ids)

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return 4 * sum(layer.logits.numel() for layer in [self._last, *self._kept])

    def at_end(self, target: np.ndarray) -> Ranks:
        """Of a target at each position, int64 [T], -1 for none, after the last layer: [T] each."""
        rank, probability = self._of(self._last, target)
        return Ranks(rank, probability)

    def ranks(self, target: np.ndarray, progress: Progress) -> Ranks:
        """Of a target as `at_end`, after each layer: [T, L] each."""
        before = len(self._outputs) - 1
        with progress.bar("lens", before, "layers of the lens") as bar:
            found = [self._of(layer, target) for layer in self._layers(before, bar)]
        found.append(self._of(self._last, target))
        rank, probability = (np.stack(columns, 1) for columns in zip(*found, strict=True))
        return Ranks(rank, probability)

    def _layers(self, before: int, bar: Bar) -> Iterator[_Layer]:
        """All layers but the last; they are kept where they take little memory."""
        keeps = 4 * self._last.logits.numel() * len(self._outputs) <= KEPT_BYTES
        for index in range(before):
            if index < len(self._kept):
                layer = self._kept[index]
            else:
                layer = self._computed(index)
                if keeps:
                    self._kept.append(layer)  # at once: who is stopped has done so much
            yield layer
            bar.advance()

    def _computed(self, layer: int) -> _Layer:
        import torch

        with torch.no_grad():
            logits = self._parts.logits(self._outputs[layer][0])
            return _Layer(logits, logits.logsumexp(1))

    def _of(self, layer: _Layer, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rank and probability of a target at each position, 0 where there is none."""
        import torch

        ids = torch.from_numpy(np.maximum(target, 0)).to(layer.logits.device)
        own = layer.logits.gather(1, ids[:, None])
        rank = self._rank(layer.logits, own, ids).cpu().numpy()
        probability = (own[:, 0] - layer.totals).exp().cpu().numpy()
        return rank * (target >= 0), probability * (target >= 0)

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

    def _following(self, ids: np.ndarray) -> np.ndarray:
        import torch

        after = torch.from_numpy(np.asarray(ids[1:], np.int64)).to(self._last.logits.device)
        own = self._last.logits[:-1].gather(1, after[:, None])[:, 0] - self._last.totals[:-1]
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
