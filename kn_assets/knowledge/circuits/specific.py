"""Units of the fact against units of its subject.

Most units that carry a city's country carry its continent as much: they say which city it is. A
*specific* circuit is chosen for the fact against the subject's other facts. Scores become shares
of each fact's own logit difference; a unit is taken where its share for every other fact is small
beside its share for this one, and where the set's estimated effect on the others stays as small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kn_assets.knowledge.circuits.choose import Chosen, strongest
from kn_assets.knowledge.circuits.roles import Place
from kn_assets.knowledge.circuits.units import Kind

_SLACK = 0.01
"""Share of an other fact's logit difference that a set may always move: less isn't told apart from
the estimate's error.
"""


def specific(
    own: Mapping[Kind, np.ndarray],
    others: Sequence[Mapping[Kind, np.ndarray]],
    where: Sequence[Place],
    n: int,
    most: float,
) -> list[Chosen]:
    """Up to n units, the largest share for the fact first.

    own: [L, places, units] scores as shares of the fact's logit difference, by kind; others: the
    same of each other fact of the subject. most: share of a unit's, and of the set's, own effect
    that may be had on another fact. Without other facts these are the strongest units.
    """
    found: list[Chosen] = []
    moved = np.zeros(len(others))
    carried = 0.0
    candidates = strongest(dict(own), where, 20 * n)
    for one in candidates:
        at = one.layer, where.index(one.place), one.unit
        shares = np.array([other[one.kind][at] for other in others])
        if (np.abs(shares) > most * one.score).any():
            continue
        bound = max(_SLACK, most * (carried + one.score))
        if (np.abs(moved + shares) > bound).any():
            continue
        moved, carried = moved + shares, carried + one.score
        found.append(one)
        if len(found) == n:
            break
    return found
