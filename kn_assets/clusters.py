"""Clusters of points in the plane."""

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


def centres(coordinates: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.float32]:
    """The place (clusters, 2) of each cluster's member nearest to the median of all of its members.

    Unlike a mean it lies in the cluster, whatever its shape.
    """
    n = int(np.max(labels, initial=-1)) + 1
    found = np.empty((n, 2), dtype=np.float32)
    for label in range(n):
        members = coordinates[labels == label]
        away = np.linalg.norm(members - np.median(members, axis=0), axis=1)
        found[label] = members[away.argmin()]
    return found
