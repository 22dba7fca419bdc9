"""Edges of a circuit: what an earlier unit gives to a later one directly, for the answer.

With what isn't linear held, and every unit's output cut (`split`), what a later unit takes in is a
sum over earlier units, the embedding and biases. The relevance of the later unit, its value times
the gradient of the logit difference through all that follows, falls into the same parts: so much of
it comes from each. An edge's score is the part of an earlier unit's *change*, its clean value minus
the contrast's, as units' scores are (relevance: arXiv 2508.21258; edges between units: arXiv
2403.19647). Edges to the answer itself are direct contributions to the logit difference.

Scores are estimates; `path_patching` measures the strongest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from kn_assets.knowledge.circuits.holding import of_unembedding
from kn_assets.knowledge.circuits.units import Unit
from kn_assets.models.structure import input_major

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.knowledge.circuits.pair import Pair
    from kn_assets.knowledge.circuits.split import Split

COVERED = 0.8
"""Share of all edges' size that the kept ones have together."""
MOST = 300


@dataclass(frozen=True)
class Edge:
    """later: None for the answer. score: logits."""

    earlier: Unit
    later: Unit | None
    score: float


@dataclass(frozen=True, eq=False)
class Edges:
    """scores: float64 [later, earlier] of some units, the answer last, logits; 0 where the one
    doesn't come before the other. relevance, sources: of each later unit, its value times its
    gradient, and what its parts sum to: embedding, all units before and biases; float64 [later].
    """

    units: tuple[Unit, ...]
    scores: np.ndarray
    relevance: np.ndarray
    sources: np.ndarray

    def strongest(self, covered: float = COVERED, most: int = MOST) -> list[Edge]:
        """The strongest edges that together have a share of all edges' size, the largest first."""
        sizes = np.abs(self.scores).reshape(-1)
        order = np.argsort(-sizes, kind="stable")
        reached = np.cumsum(sizes[order])
        n = int(np.searchsorted(reached, covered * reached[-1])) + 1 if len(order) else 0
        found = []
        for i in order[: min(n, most)].tolist():
            later, earlier = divmod(i, len(self.units))
            if sizes[i] > 0:
                of = self.units[later] if later < len(self.units) else None
                found.append(Edge(self.units[earlier], of, float(self.scores[later, earlier])))
        return found


def edges(pair: Pair, split: Split, gradients: Sequence[Tensor], units: Sequence[Unit]) -> Edges:
    """All edges between some neurons and heads, and from them to the answer.

    split: of the pair's clean prompt; gradients: of `Linear.gradients`, of the same pair.
    """
    n = pair.clean.parts.n_layers
    by_heads, by_neurons = gradients[1 : 1 + n], gradients[1 + n :]
    scores = np.zeros((len(units) + 1, len(units)))
    relevance, sources = np.zeros(len(units) + 1), np.zeros(len(units) + 1)
    sites = _Sites(split, units, _written(pair, units))
    for i, one in enumerate(units):
        computed = split.seen.neurons if one.kind == "neuron" else split.seen.heads
        of = (by_neurons if one.kind == "neuron" else by_heads)[one.layer]
        taken, columns = computed[one.layer], columns_of(pair, one)
        toward = torch.zeros_like(taken).reshape(len(pair.clean.ids), -1)
        toward[one.position, columns] = of[one.position, columns]
        values = taken.detach().reshape(toward.shape)[one.position, columns]
        relevance[i] = float(values @ toward[one.position, columns])
        scores[i], sources[i] = sites.parts(taken, toward.reshape(taken.shape), one.layer)
    scores[-1], sources[-1] = sites.parts(pair.metric(split.logits[None])[0], None, n - 1)
    sources[-1] += of_unembedding(pair.clean.parts, pair.answer, pair.against)
    relevance[-1] = pair.difference
    return Edges(tuple(units), scores, relevance, sources)


class _Sites:
    """The places where units write: attention's and the MLP's output of each layer in turn."""

    def __init__(self, split: Split, units: Sequence[Unit], written: Tensor) -> None:
        """written: what each unit's change adds to its place, [units, d_model]."""
        self._split, self._changes = split, written
        self._sites = [x for i in sorted(split.mlp) for x in (split.attention[i], split.mlp[i])]
        self._flat = torch.stack(
            [w.detach().reshape(len(split.clean.ids), -1) for w in self._sites]
        )
        self._at = torch.tensor([2 * u.layer + (u.kind == "neuron") for u in units])
        self._position = torch.tensor([u.position for u in units])

    def parts(self, taken: Tensor, toward: Tensor | None, layer: int) -> tuple[np.ndarray, float]:
        """What each unit's change gives to (taken * toward), which stands in `layer`: float64
        [units]; and the sum of embedding, places and biases, value times gradient.
        """
        split, n = self._split, 2 * layer + 2
        wanted = [split.embedding, *self._sites[:n], *(output for output, _ in split.biases.added)]
        found = torch.autograd.grad(taken, wanted, toward, retain_graph=True, allow_unused=True)
        nothing = torch.zeros_like(self._flat[0])
        by_site = torch.stack(
            [nothing if g is None else g.reshape(nothing.shape) for g in found[1 : 1 + n]]
        )
        whole = float((by_site * self._flat[:n]).sum(dtype=torch.float64))
        if found[0] is not None:
            whole += float((found[0] * split.embedding.detach()).sum(dtype=torch.float64))
        before = (self._at < n).nonzero()[:, 0]
        at = by_site[self._at[before], self._position[before]]
        scores = np.zeros(len(self._at))
        each = (at * self._changes[before]).sum(1, dtype=torch.float64)
        scores[before.numpy()] = each.cpu().numpy()
        return scores, whole + split.biases.sums(found[1 + n :])


def _written(pair: Pair, units: Sequence[Unit]) -> Tensor:
    """What each unit's change from the contrast's value adds to its output: [units, d_model]."""
    clean, other, layout = pair.clean.values, pair.other, pair.clean.layout
    found = []
    for one in units:
        is_neuron = one.kind == "neuron"
        values = (clean.neurons if is_neuron else clean.heads)[one.layer]
        contrast = (other.neurons if is_neuron else other.heads)[one.layer]
        outputs = layout.parts.mlp_outputs if is_neuron else layout.attention_outputs
        columns = columns_of(pair, one)
        change = values[one.position, columns] - contrast[one.position, columns]
        found.append(change @ input_major(outputs[one.layer])[columns])
    return torch.stack(found)


def columns_of(pair: Pair, one: Unit) -> slice:
    """Where a unit stands in what its layer takes to its output projection."""
    if one.kind == "neuron":
        return slice(one.unit, one.unit + 1)
    width = pair.clean.values.heads[0].shape[-1] // pair.clean.layout.n_heads
    return slice(one.unit * width, (one.unit + 1) * width)
