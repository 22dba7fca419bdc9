"""Units of a prompt: one neuron or head at one token, or a whole cell of a layer at a token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

Kind = Literal["neuron", "head", "mlp", "attention", "stream", "embedding"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""mlp, attention: all neurons or heads of a layer at a token; stream: what enters the layer there;
embedding: what enters the first."""


@dataclass(frozen=True, order=True)
class Unit:
    """unit: the neuron's or head's number, -1 for a cell. The layer of an embedding is 0."""

    kind: Kind
    layer: int
    position: int
    unit: int = -1


@dataclass(frozen=True, eq=False)
class UnitScores:
    """Of a prompt of T tokens, one number a unit, in logits: how much of the logit difference it
    carries by an estimate. float32.

    embedding: [T]; heads: [L, T, H]; neurons: [L, T, N].
    """

    embedding: np.ndarray
    heads: np.ndarray
    neurons: np.ndarray

    def strongest(self, n: int, kinds: Sequence[Kind] = ("neuron", "head")) -> list[Unit]:
        """The n units with the largest size of score, the largest first; equals in their order."""
        found, sizes = [], []
        for kind in kinds:
            values = self.of(kind)
            flat = np.abs(values).reshape(-1)
            k = min(n, flat.size)
            at = np.sort(np.argpartition(-flat, k - 1)[:k]) if k else np.empty(0, int)
            sizes += flat[at].tolist()
            found += [_unit(kind, values.shape, int(i)) for i in at]
        return [found[i] for i in np.argsort(-np.array(sizes), kind="stable")[:n]]

    def of(self, kind: Kind) -> np.ndarray:
        """The scores of a kind: [L, T, units], or [L, T] of a layer's mlp or attention, [T]."""
        if kind == "neuron":
            return self.neurons
        if kind == "head":
            return self.heads
        if kind == "mlp":
            return self.neurons.sum(2, dtype=np.float64).astype(np.float32)
        if kind == "attention":
            return self.heads.sum(2, dtype=np.float64).astype(np.float32)
        return self.embedding

    def score(self, unit: Unit) -> float:
        values = self.of(unit.kind)
        if unit.kind == "embedding":
            return float(values[unit.position])
        at = values[unit.layer, unit.position]
        return float(at if unit.unit < 0 else at[unit.unit])


def mean(scores: Sequence[UnitScores]) -> UnitScores:
    """The mean over contrasts of one prompt."""
    return _over(scores, np.mean)


def median(scores: Sequence[UnitScores]) -> UnitScores:
    """The median over contrasts of one prompt: what carries the answer beside most of them."""
    return _over(scores, np.median)


def _over(scores: Sequence[UnitScores], which: Callable[..., np.ndarray]) -> UnitScores:
    def of(arrays: Sequence[np.ndarray]) -> np.ndarray:
        return np.asarray(which(np.asarray(arrays, np.float64), 0), np.float32)

    return UnitScores(
        of([s.embedding for s in scores]),
        of([s.heads for s in scores]),
        of([s.neurons for s in scores]),
    )


def _unit(kind: Kind, shape: tuple[int, ...], i: int) -> Unit:
    at = [int(x) for x in np.unravel_index(i, shape)]
    if kind == "embedding":
        return Unit(kind, 0, at[0])
    return Unit(kind, at[0], at[1], at[2] if len(at) > 2 else -1)
