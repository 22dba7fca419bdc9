"""Clusters of points: communities of the graph that their map is laid out by.

The graph is t-SNE's own: each point with its nearest in 50 dimensions, weighted by how near. Found
there and not in the plane, where t-SNE tears apart and pushes together what two dimensions can't
hold, and where another seed gives another layout.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_ITERATIONS = 2  # a second gains 0.007 of modularity, a third 0.0002
_FEWEST = 5
_TRIED = 256  # members of a cluster that are tried as its centre


def clusters(graph: Any, seed: int = 0, resolution: float | None = None) -> NDArray[np.int16]:
    """The cluster of each of n points: int16, the largest being 0, -1 where there is none.

    graph: a symmetric scipy sparse matrix (n, n) of weights >= 0. Communities by the Leiden
    algorithm (Traag, Waltman and van Eck 2019), which makes modularity at `resolution` large: more
    of it, more clusters. By default it is log10(n) - 1, 1 at least. Every point is in a cluster
    but those without neighbours and those of communities of fewer than 5.
    """
    from graspologic_native import leiden_csr

    n = graph.shape[0]
    labels = np.full(n, -1, dtype=np.int16)
    if not graph.nnz:
        return labels
    if resolution is None:
        # 100 points form ten clusters, 4,400 forty and 44,000 a hundred. With one resolution for
        # all, few points fall apart to less than 5, or thousands are in clusters that another seed
        # tells apart in another way.
        resolution = max(1.0, float(np.log10(n)) - 1)
    graph = graph.tocsr()
    _, community = leiden_csr(
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int32),
        graph.data.astype(np.float64),
        n,
        resolution=resolution,
        iterations=_ITERATIONS,
        seed=seed,
    )
    found = np.fromiter((community.get(i, -1) for i in range(n)), np.int64, n)
    sizes = np.bincount(found[found >= 0])
    large = np.flatnonzero(sizes >= _FEWEST)
    number = np.full(len(sizes) + 1, -1, dtype=np.int16)  # the last stands for none
    number[large[np.argsort(-sizes[large], kind="stable")]] = np.arange(len(large))
    return number[found]


def modularity(graph: Any, labels: NDArray[Any]) -> float:
    """Newman's modularity Q of a partition: about 0 by chance, towards 1 for clusters far apart.

    The share of the graph's weight that lies within clusters, less what would if the same degrees
    were joined at random. Points in no cluster are each on their own. 0 where nothing is joined.
    """
    weights = graph.tocoo()
    total = float(weights.data.sum())
    if not total:
        return 0.0
    labels = np.asarray(labels, dtype=np.int64)
    alone = labels < 0
    own = np.where(alone, labels.max(initial=-1) + np.cumsum(alone), labels)
    within = weights.data[own[weights.row] == own[weights.col]].sum() / total
    degrees = np.bincount(own[weights.row], weights.data) / total
    return float(within - degrees @ degrees)


def centres(coordinates: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.float32]:
    """The place (clusters, 2) of the member of each cluster that a quarter of them lie nearest to.

    That is where a cluster is dense, whatever its shape; where the map tears one apart, it is in
    one of the parts, as a mean and a median need not be.
    """
    n = int(np.max(labels, initial=-1)) + 1
    found = np.empty((n, 2), dtype=np.float32)
    for label in range(n):
        members = coordinates[labels == label]
        tried = members[:: -(-len(members) // _TRIED)]
        near = min(len(members) - 1, -(-len(members) // 4))
        away = np.linalg.norm(tried[:, None] - members[None], axis=2)
        found[label] = tried[np.partition(away, near, axis=1)[:, near].argmin()]
    return found
