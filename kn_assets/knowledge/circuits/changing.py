"""What a set of units does, measured beside what was foretold of it.

The set gets other values together, and the model runs on: the contrast's (*patched*), zero, or the
mean over the corpus (*ablated*). Foretold is the sum of estimates, by the same gradients times the
change of each value, and the sum of what each unit does alone. Where they differ from what the set
does, units stand in for each other or need each other (McGrath et al. 2023, arXiv 2307.15771).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import torch

from kn_assets.errors import KnError
from kn_assets.knowledge.circuits.gradients import difference_times
from kn_assets.knowledge.circuits.own_circuit import single_effects
from kn_assets.knowledge.circuits.pair import Pair
from kn_assets.knowledge.circuits.patching import patched
from kn_assets.knowledge.circuits.units import Unit
from kn_assets.knowledge.circuits.whole_prompt import Values

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.progress import Progress

How = Literal["patch", "zero", "mean"]
HOW: tuple[How, ...] = get_args(How)
MOST_UNITS = 300


@dataclass(frozen=True)
class Changed:
    """before, after: the logit difference; estimated: the sum of estimates of what is lost; alone:
    the sum of what single units lose. All in logits.
    """

    before: float
    after: float
    estimated: float
    alone: float

    @property
    def lost(self) -> float:
        return self.before - self.after


def changed(
    pair: Pair,
    gradients: list[Tensor],
    units: Sequence[Unit],
    how: How,
    means: np.ndarray | None,
    progress: Progress,
) -> Changed:
    """Change a set of neurons and heads, 1 to `MOST_UNITS`.

    gradients: by place, see `mean_gradients`; means: of each neuron over the corpus, float [L, N],
    for `mean`. Raises KnError for other sets, for heads where `how` is mean, and as `patching`.
    """
    some = list(dict.fromkeys(units))
    if not 0 < len(some) <= MOST_UNITS:
        raise KnError(f"change 1 to {MOST_UNITS} units at a time")
    if how == "mean" and any(one.kind == "head" for one in some):
        raise KnError("no mean of a head is stored: choose neurons alone, or ablate to zero")
    to = pair if how == "patch" else replace(pair, other=ablated(pair, how, means))
    (after,) = patched(to, [some])
    alone = single_effects(to, some, progress)
    scores = difference_times(to, gradients)
    return Changed(
        pair.difference, float(after), sum(scores.score(u) for u in some), float(alone.sum())
    )


def ablated(pair: Pair, how: How, means: np.ndarray | None) -> Values:
    """Values to ablate to, in the place of a contrast's: zeros, or of neurons their means."""
    own = pair.clean.values
    neurons = [torch.zeros_like(x) for x in own.neurons]
    if how == "mean":
        if means is None or means.shape != (len(neurons), neurons[0].shape[1]):
            raise KnError("this atlas has no means of its neurons: ablate to zero")
        neurons = [
            torch.from_numpy(mean).to(x).expand_as(x)
            for mean, x in zip(means, neurons, strict=True)
        ]
    return Values(own.inputs, [torch.zeros_like(x) for x in own.heads], neurons)
