"""Clusters of a map, and words that tell what a cluster has in common."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_SMALLEST = 5


def clusters(coordinates: NDArray[Any], smallest: int | None = None) -> NDArray[np.int16]:
    """Cluster of each of (n, 2) points by HDBSCAN, -1 where none: int16, the largest being 0.

    A cluster has at least `smallest` points: by default the square root of n / 4, from 5 up.
    Campello, Moulavi and Sander (2013).
    """
    n = len(coordinates)
    smallest = smallest or max(_SMALLEST, int(np.sqrt(n / 4)))
    labels = np.full(n, -1, dtype=np.int16)
    if n < 2 * smallest:
        return labels
    from sklearn.cluster import HDBSCAN

    found = HDBSCAN(
        min_cluster_size=smallest, min_samples=_SMALLEST, algorithm="kd_tree", copy=True
    ).fit_predict(np.asarray(coordinates, dtype=np.float64))
    sizes = np.bincount(found[found >= 0])
    for rank, label in enumerate(np.argsort(-sizes, kind="stable")):
        labels[found == label] = rank
    return labels


def label_candidates(
    labels: NDArray[Any], points: NDArray[Any], terms: list[str], k: int = 3
) -> dict[int, list[tuple[str, float]]]:
    """The terms that tell most of each cluster: cluster -> up to k of (term, share), best first.

    `points[i]` has the term `terms[i]`, as a prompt has the country of its city or a neuron the
    tokens of its vocabulary; a point may have many. `share` is the term's share p in the cluster;
    the order is by p log(p / q), the term's part of the divergence from its share q in all points:
    common here, and more so than elsewhere. Terms no commoner than elsewhere are left out.
    """
    words, codes = np.unique(np.asarray(terms, dtype=object).astype(str), return_inverse=True)
    cluster = np.asarray(labels)[np.asarray(points)]
    overall = np.bincount(codes, minlength=len(words)) / max(len(codes), 1)
    found = {}
    for label in range(int(np.max(labels, initial=-1)) + 1):
        counts = np.bincount(codes[cluster == label], minlength=len(words))
        share = counts / max(counts.sum(), 1)
        ratio = np.divide(share, overall, out=np.ones_like(share), where=share > 0)
        score = share * np.log(ratio)
        best = np.lexsort((np.arange(len(words)), -score))[:k]
        found[label] = [(str(words[i]), float(share[i])) for i in best if score[i] > 1e-12]
    return found
