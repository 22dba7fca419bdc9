"""Relevance patching: one backward pass in which what isn't linear is held (RelP).

Layer-wise relevance propagation as gradients (arXiv 2508.21258; on neurons, arXiv 2601.22594): the
denominators of norms, attention patterns and the ratios of activation functions, act(x) / x, are
constants, and at a gated product half of the relevance goes to each factor. The score of a unit is
then (its clean value - its contrast's) times this gradient.

With all that held the logit difference is a sum over its sources, the embeddings and the biases, of
value times gradient. How nearly it is one tells whether the architecture was understood:
`Relevance.error`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from kn_assets.atlas.direct.held import Held
from kn_assets.knowledge.circuits.gradients import difference_times, places
from kn_assets.knowledge.circuits.holding import Biases, capped, holding, of_unembedding
from kn_assets.knowledge.circuits.units import UnitScores
from kn_assets.knowledge.circuits.whole_prompt import Seen, WholePrompt

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.knowledge.circuits.pair import Pair

LARGEST_ERROR = 0.01
"""Share of the logit difference that may be missing where a model counts as linearizable."""


@dataclass(frozen=True, eq=False)
class Relevance:
    """scores: of each pair. difference: the clean prompt's logit difference of each; sources: what
    its embeddings and biases sum to.
    """

    scores: list[UnitScores]
    difference: list[float]
    sources: list[float]

    @property
    def error(self) -> float:
        """Largest |sources - difference| / |difference|; infinite where a difference is 0."""
        return max(
            abs(s - d) / abs(d) if d else float("inf")
            for s, d in zip(self.sources, self.difference, strict=True)
        )

    @property
    def conserved(self) -> bool:
        """Whether this model can be linearized so: else the scores mean little."""
        return self.error <= LARGEST_ERROR


@dataclass(frozen=True, eq=False)
class Linear:
    """A prompt's pass with what isn't linear held. embedding: the leaf that it began with, [1, T,
    d_model]; seen: units' tensors, part of the graph; logits: [vocab_size], part of it.
    """

    embedding: Tensor
    seen: Seen
    biases: Biases
    logits: Tensor

    @classmethod
    def of(cls, clean: WholePrompt) -> Linear:
        leaf = clean.values.inputs[0][None].detach().requires_grad_()
        seen, biases = Seen(), Biases()
        with torch.enable_grad(), holding(clean.layout, biases), Held():
            logits = capped(clean.parts, clean.run(0, leaf, seen=seen))[0]
        return cls(leaf, seen, biases, logits)

    def gradients(self, pair: Pair) -> tuple[list[Tensor], float]:
        """Of the logit difference: by `places`, [T, width] each; and what all biases sum to."""
        units = places(self.embedding, self.seen)
        wanted = [*units, *(output for output, _ in self.biases.added)]
        found = torch.autograd.grad(
            pair.metric(self.logits[None])[0], wanted, retain_graph=True, allow_unused=True
        )
        of_units = [
            (torch.zeros_like(w) if g is None else g).reshape(len(pair.clean.ids), -1)
            for g, w in zip(found[: len(units)], units, strict=True)
        ]
        added = self.biases.sums(found[len(units) :])
        return of_units, added + of_unembedding(pair.clean.parts, pair.answer, pair.against)


def total_gradients(pair: Pair) -> list[Tensor] | None:
    """The gradient of a pair's logit difference through all later units, what isn't linear held: by
    `places`, [T, width] each; None where relevance isn't conserved.
    """
    of_units, added = Linear.of(pair.clean).gradients(pair)
    sources = added + _embedded(pair, of_units)
    return of_units if Relevance([], [pair.difference], [sources]).conserved else None


def relevance(pairs: Sequence[Pair]) -> Relevance:
    """Of each pair of one clean prompt. Raises KnError where a gradient isn't finite."""
    clean = pairs[0].clean
    linear = Linear.of(clean)
    scores, sums = [], []
    for pair in pairs:
        of_units, added = linear.gradients(pair)
        scores.append(difference_times(pair, of_units))
        sums.append(added + _embedded(pair, of_units))
    return Relevance(scores, [p.difference for p in pairs], sums)


def _embedded(pair: Pair, of_units: Sequence[Tensor]) -> float:
    """What the clean embeddings sum to, value times gradient."""
    return float((of_units[0].double() * pair.clean.values.inputs[0].double()).sum())
