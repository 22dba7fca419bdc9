"""What the neurons of a cluster are, whatever they fire on: their sign and their layers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kn_assets.maps.labels.claims import Claim, Term, by_chance, information

_SIGN = 2 / 3  # share of the neurons of one sign that is worth saying ...
_SIGN_LIFT = 1.25  # ... where that is so many times as common as elsewhere


def signs(labels: NDArray[Any], sign: NDArray[np.int8]) -> list[Claim | None]:
    """Of each cluster the sign that most of its neurons fire with, where it tells them apart.

    labels: the cluster of each neuron, -1 where none; sign: 1, -1, or 0 where it never fired.
    """
    found: list[Claim | None] = []
    n = int((labels >= 0).sum())
    for cluster in range(int(labels.max(initial=-1)) + 1):
        mine = sign[labels == cluster]
        most = -1 if 2 * (mine < 0).sum() > len(mine) else 1
        counts = int((mine == most).sum()), int((sign[labels >= 0] == most).sum()), len(mine), n
        claim = Claim.of(Term("sign", "+" if most > 0 else "−"), *counts)
        tells = claim.share >= max(_SIGN, _SIGN_LIFT * claim.elsewhere)
        found.append(claim if tells and information(*counts) > by_chance(2) else None)
    return found


def layers(labels: NDArray[Any], layer: NDArray[Any]) -> list[Claim | None]:
    """Of each cluster the fewest layers in a row that half of its neurons are in, if they tell.

    labels: the cluster of each neuron, -1 where none; layer: its layer.
    """
    n = int(layer.max(initial=-1)) + 1
    every = np.bincount(layer[labels >= 0], minlength=n)
    spans = [(a, b) for a in range(n) for b in range(a + 1, n + 1)]
    found: list[Claim | None] = []
    for cluster in range(int(labels.max(initial=-1)) + 1):
        mine = np.bincount(layer[labels == cluster], minlength=n)
        upto = np.concatenate([[0], np.cumsum(mine)])
        half = [(a, b) for a, b in spans if 2 * (upto[b] - upto[a]) >= upto[-1]]
        a, b = min(half, key=lambda span: (span[1] - span[0], upto[span[0]] - upto[span[1]]))
        counts = int(mine[a:b].sum()), int(every[a:b].sum()), int(mine.sum()), int(every.sum())
        claim = Claim.of(Term("layers", f"{a}–{b - 1}" if b - a > 1 else f"{a}"), *counts)
        found.append(
            claim if claim.tells and information(*counts) > by_chance(len(spans)) else None
        )
    return found
