"""What the neurons of a cluster are, whatever they fire on: their sign and their layers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kn_assets import cluster_claims
from kn_assets.cluster_claims import Claim, Term

_SIGN = 2 / 3  # share of the neurons of one sign that is worth saying ...
_SIGN_LIFT = 1.25  # ... where that is so many times as common as elsewhere


def signs(labels: NDArray[Any], sign: NDArray[np.int8]) -> list[Claim | None]:
    """Of each cluster the sign that most of its neurons fire with, where it tells them apart."""
    found: list[Claim | None] = []
    n = int((labels >= 0).sum())
    for cluster in range(int(labels.max(initial=-1)) + 1):
        mine = sign[labels == cluster]
        most = -1 if 2 * (mine < 0).sum() > len(mine) else 1
        here, have = int((mine == most).sum()), int((sign[labels >= 0] == most).sum())
        share, elsewhere = here / max(1, len(mine)), (have - here) / max(1, n - len(mine))
        told = cluster_claims.information(here, have, len(mine), n)
        tells = share >= max(_SIGN, _SIGN_LIFT * elsewhere) and told > cluster_claims.by_chance(2)
        claim = Claim(Term("sign", "+" if most > 0 else "−"), share, elsewhere)
        found.append(claim if tells else None)
    return found


def layers(labels: NDArray[Any], layer: NDArray[Any]) -> list[Claim | None]:
    """Of each cluster the fewest layers in a row that half of its neurons are in, if they tell."""
    n = int(layer.max(initial=-1)) + 1
    counted = labels >= 0
    every = np.bincount(layer[counted], minlength=n)
    found: list[Claim | None] = []
    for cluster in range(int(labels.max(initial=-1)) + 1):
        mine = np.bincount(layer[labels == cluster], minlength=n)
        upto = np.concatenate([[0], np.cumsum(mine)])
        spans = [(a, b) for a in range(n) for b in range(a + 1, n + 1)]
        half = [(a, b) for a, b in spans if 2 * (upto[b] - upto[a]) >= upto[-1]]
        a, b = min(half, key=lambda span: (span[1] - span[0], upto[span[0]] - upto[span[1]]))
        here, have = int(mine[a:b].sum()), int(every[a:b].sum())
        told = cluster_claims.information(here, have, int(mine.sum()), int(every.sum()))
        share = here / max(1, int(mine.sum()))
        elsewhere = (have - here) / max(1, int(every.sum() - mine.sum()))
        claim = Claim(Term("layers", f"{a}–{b - 1}" if b - a > 1 else f"{a}"), share, elsewhere)
        tells = told > cluster_claims.by_chance(len(spans))
        found.append(claim if tells and cluster_claims.telling(share, elsewhere) else None)
    return found
