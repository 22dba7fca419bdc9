"""What further units of a circuit buy: lost and kept logit difference by number of units.

For n units of a set, on one prompt beside one contrast:

- lost: share of the logit difference that goes when they alone get the contrast's values; over 1
  the other answer wins;
- kept: share that is there when all other units of their kind get the contrast's values, 0 being
  what is left when all of them do, 1 the untouched prompt.

Both are measured on wordings and contrasts that no unit was chosen on: on those that it was,
effects come out several times as large.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from kn_assets.knowledge.circuits.choose import Chosen, units_at
from kn_assets.knowledge.circuits.pair import Pair
from kn_assets.knowledge.circuits.patching import left_alone, patched
from kn_assets.knowledge.circuits.roles import Roles
from kn_assets.knowledge.circuits.units import Kind

Measure = Literal["lost", "kept"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
SIZES: dict[Measure, tuple[int, ...]] = {
    "lost": (1, 3, 10, 30, 100, 300),
    "kept": (30, 100, 300, 1000, 3000),
}


@dataclass(frozen=True)
class Point:
    """condition: whose units; difference: the logit difference with the change; share: lost or
    kept; None where nothing can be lost.
    """

    condition: str
    measure: Measure
    n_units: int
    difference: float
    share: float | None


def points(
    pair: Pair,
    roles: Roles,
    sets: Mapping[str, Sequence[Chosen]],
    measure: Measure,
    sizes: Mapping[str, Sequence[int]] | Sequence[int],
    kinds: Sequence[Kind] = ("neuron",),
) -> list[Point]:
    """The curves of some ordered sets of units on one pair, in their order.

    sizes: of each condition, or of all; sizes beyond a set are left out. roles: of the clean
    prompt. Raises KnError as `patching`.
    """
    wanted = {
        c: [n for n in (sizes[c] if isinstance(sizes, Mapping) else sizes) if n <= len(chosen)]
        for c, chosen in sets.items()
    }
    asked = [(c, n) for c, of_set in wanted.items() for n in of_set]
    units = [units_at(sets[c][:n], roles) for c, n in asked]
    whole = pair.difference
    if measure == "lost":
        found = patched(pair, units)
        shares = (whole - found) / whole if whole else np.full(len(found), np.nan)
    else:
        none, *rest = left_alone(pair, [[], *units], kinds)
        found, most = np.array(rest), whole - none
        shares = (found - none) / most if most else np.full(len(found), np.nan)
    return [
        Point(c, measure, n, float(d), float(s) if np.isfinite(s) else None)
        for (c, n), d, s in zip(asked, found, shares, strict=True)
    ]
