"""t-SNE in the plane by openTSNE, with exact neighbours and the same coordinates on every run.

Poličar, Stražar and Zupan (2024), openTSNE; van der Maaten and Hinton (2008), t-SNE; Linderman et
al. (2019), the interpolation by FFT that is used for many points.

What would make a second run differ, and how it is avoided: Annoy's forest is built at random, so
neighbours are searched exactly (which is also faster, for the scores fit the cache); the start and
its jitter are seeded; openTSNE's threads share out points, not sums, so that their number changes
the last digits of the divergence it reports and nothing else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kn_assets.progress import Bar

Floats = NDArray[np.floating[Any]]

PERPLEXITY = 30.0
EXAGGERATED_ITERATIONS, ITERATIONS = 250, 500
_EVERY = 10
_FFT_FROM = 10_000  # below, Barnes-Hut is faster and as good
_THREADS_FROM = 2_000  # below, threads wait for each other longer than they work
_FEWEST = 10  # fewer points are placed by their first two components
_START_STD = 1e-4
_EXAGGERATION, _MOMENTUM = 12, 0.8  # openTSNE's own
# The interpolation's grid is what many points cost. A map laid out on cells of twice the width and
# finished on the fine ones keeps as many neighbours (0.341 of 10, at 12,000 neurons) for 31 % less.
_COARSE, _COARSE_SHARE = 2.0, 0.7


def neighbour_graph(points: Floats) -> Any:
    """The affinities of `points` (n, d): a sparse symmetric float64 matrix (n, n) of sum 1.

    Each point is joined with its nearest, three times the perplexity of them, which is 30, or a
    third of the points. Of fewer than 10 points none are joined.
    """
    n = len(points)
    if n < _FEWEST:
        from scipy.sparse import csr_matrix

        return csr_matrix((n, n))
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    perplexity = min(PERPLEXITY, (n - 1) / 3)
    index = PrecomputedNeighbors(*neighbours(points, min(n - 1, int(3 * perplexity))))
    return PerplexityBasedNN(perplexity=perplexity, knn_index=index, n_jobs=1).P


def embed(
    points: Floats, graph: Any, seed: int, bar: Bar, init: Floats | None = None
) -> tuple[NDArray[np.float32], float]:
    """Coordinates (n, 2) float32 of `points` (n, d), and the KL divergence reached.

    `graph` is their `neighbour_graph`. Their first two columns are the start, or `init` (n, 2), so
    that a map may begin where another ended; rows of `init` that aren't finite begin in the middle.
    The bar is advanced by `EXAGGERATED_ITERATIONS + ITERATIONS` in all.
    """
    n = len(points)
    if n < _FEWEST:
        bar.advance(EXAGGERATED_ITERATIONS + ITERATIONS)
        return _few(points), 0.0
    from openTSNE import TSNE
    from openTSNE.affinity import PrecomputedAffinities

    def note(iteration: int, divergence: float, embedding: Any) -> None:
        bar.advance(_EVERY)
        bar.note(f"KL {divergence:.3f}")

    by_fft = n >= _FFT_FROM
    embedding = TSNE(
        negative_gradient_method="fft" if by_fft else "bh",
        callbacks=[note],
        callbacks_every_iters=_EVERY,
        random_state=seed,
        n_jobs=2 if n >= _THREADS_FROM else 1,
    ).prepare_initial(
        affinities=PrecomputedAffinities(graph, normalize=False),
        initialization=_start(points, seed, init),
    )
    coarse = int(ITERATIONS * _COARSE_SHARE) // _EVERY * _EVERY if by_fft else 0
    phases: list[tuple[int, dict[str, float]]] = [
        (EXAGGERATED_ITERATIONS, {"exaggeration": _EXAGGERATION}),
        (coarse, {"ints_in_interval": _COARSE}),
        (ITERATIONS - coarse, {}),
    ]
    for iterations, given in phases:
        if iterations:
            embedding.optimize(iterations, inplace=True, momentum=_MOMENTUM, **given)
    return np.asarray(embedding, dtype=np.float32), float(embedding.kl_divergence)


def neighbours(points: Floats, k: int, rows: NDArray[np.int64] | None = None) -> tuple[Any, Any]:
    """Indices and Euclidean distances (n, k) of the k nearest others, exactly, nearest first.

    With `rows`, of those points only.
    """
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=k, algorithm="brute", n_jobs=-1).fit(points)
    if rows is None:
        distances, indices = index.kneighbors()
        return indices, distances.astype(np.float64)
    distances, indices = index.kneighbors(points[rows], n_neighbors=k + 1)
    # A point's own entry is not the first where others lie in the same place.
    own = indices == rows[:, None]
    own[~own.any(axis=1), -1] = True
    shape = (len(rows), k)
    return indices[~own].reshape(shape), distances[~own].reshape(shape).astype(np.float64)


def preservation(
    points: Floats, coordinates: Floats, seed: int, k: int = 10, sample: int = 2000
) -> float | None:
    """Mean share of the k nearest points that are among the k nearest in the plane too.

    Over a seeded sample of points, each against all; None for fewer than k + 2 points.
    """
    n = len(points)
    if n < k + 2:
        return None
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(n, size=min(n, sample), replace=False))
    near, near_in_plane = (neighbours(p, k, rows)[0] for p in (points, coordinates))
    shared = [len(np.intersect1d(a, b)) for a, b in zip(near, near_in_plane, strict=True)]
    return float(np.mean(shared) / k)


def _start(points: Floats, seed: int, init: Floats | None) -> Floats:
    """A start (n, 2) of standard deviation 1e-4, jittered so that no two points coincide."""
    start = np.zeros((len(points), 2))
    if init is None:
        start[:, : points.shape[1]] = points[:, :2]
    else:
        known = np.isfinite(init).all(axis=1)
        start[known] = init[known] - init[known].mean(axis=0) if known.any() else 0.0
    start /= start.std(axis=0).max() or 1.0
    start += np.random.default_rng(seed).normal(0.0, 0.01, start.shape)
    return start * _START_STD


def _few(points: Floats) -> NDArray[np.float32]:
    """The first two components, the larger extent being 2."""
    found = np.zeros((len(points), 2), dtype=np.float32)
    found[:, : points.shape[1]] = points[:, :2]
    if len(found):
        found -= (found.max(axis=0) + found.min(axis=0)) / 2
        found /= np.abs(found).max() or 1.0
    return found
