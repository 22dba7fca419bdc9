"""What tells a cluster from all other points: the terms its points have more of than others.

A point may have many terms, as a neuron has the countries of its prompts or the words it promotes,
each with a weight. A term's share in a cluster is p, in all points q. Terms are ordered by
p log(p / q), the term's part of the divergence of the cluster from the whole: common here and more
so than elsewhere. Neither the share alone would do, which names the commonest everywhere, nor the
lift p / q alone, which names whatever is rare.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True)
class Terms:
    """points[i] has the term terms[i], with the weight weights[i] >= 0 (1 where None)."""

    points: NDArray[Any]
    terms: pa.Array | list[str]
    weights: NDArray[Any] | None = None


@dataclass(frozen=True)
class Telling:
    """A term of a cluster: its share p there, the lift p / q, and p log(p / q)."""

    term: str
    share: float
    lift: float
    score: float


def telling(
    labels: NDArray[Any], of: Terms, k: int, least_lift: float = 1.0, least_points: int = 1
) -> list[list[Telling]]:
    """For each cluster up to k terms, those that tell most first.

    labels: the cluster of each point, -1 where none. Terms of a lift not over `least_lift`, or that
    fewer than `least_points` points of the cluster have, are left out.
    """
    n = int(np.max(labels, initial=-1)) + 1
    coded = pa.array(of.terms, pa.string()).dictionary_encode()
    words, codes = coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int64)
    points = np.asarray(of.points, dtype=np.int64)
    weights = np.ones(len(codes)) if of.weights is None else np.asarray(of.weights, np.float64)
    total = np.bincount(codes, weights, minlength=len(words))
    here = np.asarray(labels, dtype=np.int64)[points]
    order = np.argsort(here, kind="stable")
    bounds = np.searchsorted(here[order], np.arange(n + 1))
    lists = []
    for first, last in pairwise(bounds.tolist()):
        mine = order[first:last]
        sums = np.bincount(codes[mine], weights[mine], minlength=len(words))
        p = sums / (sums.sum() or 1.0)
        lift = np.divide(p * total.sum(), total, out=np.zeros(len(words)), where=total > 0)
        score = p * np.log(np.where(lift > 0, lift, 1.0))
        have = _points_having(codes[mine], points[mine], len(words))
        kept = np.flatnonzero((lift > least_lift + 1e-9) & (have >= least_points))
        best = kept[np.argsort(-score[kept], kind="stable")][:k]
        lists.append(
            [Telling(words[i], float(p[i]), float(lift[i]), float(score[i])) for i in best]
        )
    return lists


def _points_having(codes: NDArray[Any], points: NDArray[Any], n: int) -> NDArray[np.int64]:
    """How many different points have each of n terms."""
    once = np.unique(points * max(1, n) + codes)
    return np.bincount(once % max(1, n), minlength=n)
