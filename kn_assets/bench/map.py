"""`kn bench map`: the map of neurons against scikit-learn's t-SNE, and at full size.

Peaks are made up: neurons mix thirty topics of the prompts, a layer is twice as strong as the one
before, and 17 % of the matrix is filled, as at the default density. Both sides get the same 50
components; scikit-learn's TSNE runs with the same perplexity and number of iterations, in turn with
ours. Processor time is given beside wall time, which says little on a machine that others use too.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kn_assets.bench.result import Figure, Result
from kn_assets.maps import features, projection, tsne
from kn_assets.maps.pca import principal_components
from kn_assets.progress import Progress

LAYERS, NEURONS, PROMPTS, DENSITY = 30, 1_536, 4_400, 0.17
_TOPICS = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--points",
        type=int,
        default=3_000,
        help="neurons of the comparison with scikit-learn (default: %(default)s)",
    )
    parser.add_argument("--repeats", type=int, default=3, help="times either is run, in turn")
    parser.add_argument(
        "--full",
        action="store_true",
        help=f"also map {LAYERS * NEURONS:,} neurons over {PROMPTS:,} prompts once",
    )


def run(args: argparse.Namespace) -> Result:
    """Time both t-SNEs on `args.points` neurons, and our whole map at full size if asked to."""
    points = components(made_up_peaks(1, args.points, PROMPTS), seed=0)
    times: dict[str, list[tuple[float, float]]] = {"openTSNE": [], "scikit-learn": []}
    placed: dict[str, NDArray[Any]] = {}
    for _ in range(args.repeats):
        for name, place in (("openTSNE", _ours), ("scikit-learn", _theirs)):
            placed[name], once = _timed(partial(place, points))
            times[name].append(once)
    figures: dict[str, Figure] = {}
    for name, spent in times.items():
        figures[name] = {
            "wall_s": statistics.median(wall for wall, _ in spent),
            "cpu_s": statistics.median(cpu for _, cpu in spent),
            "knn_preservation": tsne.preservation(points, placed[name], seed=0) or 0.0,
        }
    if args.full:
        figures |= _full()
    wall = {name: statistics.median(w for w, _ in spent) for name, spent in times.items()}
    return Result(
        name="map",
        ratio=wall["openTSNE"] / wall["scikit-learn"],
        baseline="wall time of scikit-learn's TSNE on the same components",
        figures=figures,
        settings={
            "points": args.points,
            "prompts": PROMPTS,
            "density": DENSITY,
            "components": projection.COMPONENTS,
            "perplexity": tsne.PERPLEXITY,
            "iterations": tsne.EXAGGERATED_ITERATIONS + tsne.ITERATIONS,
            "repeats": args.repeats,
        },
    )


def made_up_peaks(n_layers: int, n_neurons: int, n_prompts: int, seed: int = 0) -> Any:
    """A float32 CSR matrix (n_layers * n_neurons) x n_prompts of which `DENSITY` is filled."""
    from scipy.sparse import csr_matrix, vstack

    rng = np.random.default_rng(seed)
    topics = rng.standard_normal((_TOPICS, n_prompts), dtype=np.float32)
    layers = []
    for layer in range(n_layers):
        mix = rng.standard_normal((n_neurons, _TOPICS), dtype=np.float32) ** 3
        mix /= np.linalg.norm(mix, axis=1, keepdims=True)
        peaks = mix @ topics
        peaks += rng.standard_normal(peaks.shape, dtype=np.float32) / 2
        peaks[np.abs(peaks) < np.quantile(np.abs(peaks[:64]), 1 - DENSITY)] = 0
        layers.append(csr_matrix(peaks * np.float32(1.1**layer)))
    return vstack(layers).tocsr()


def components(matrix: Any, seed: int) -> NDArray[np.float32]:
    """The 50 components of the neurons, as the map uses them."""
    return principal_components(features.neuron_features(matrix), projection.COMPONENTS, seed)[0]


def _ours(points: NDArray[np.float32]) -> NDArray[Any]:
    with Progress().bar("", 0) as bar:
        return tsne.embed(points, tsne.neighbour_graph(points), 0, bar)[0]


def _theirs(points: NDArray[np.float32]) -> NDArray[Any]:
    from sklearn.manifold import TSNE

    iterations = tsne.EXAGGERATED_ITERATIONS + tsne.ITERATIONS
    return TSNE(
        perplexity=tsne.PERPLEXITY, max_iter=iterations, init="pca", random_state=0, n_jobs=-1
    ).fit_transform(points)


def _full() -> dict[str, Figure]:
    matrix = made_up_peaks(LAYERS, NEURONS, PROMPTS)
    result, (wall, cpu) = _timed(lambda: projection.neuron_map(matrix, LAYERS, NEURONS, PROMPTS))
    return {
        f"{LAYERS * NEURONS} neurons": {"wall_s": wall, "cpu_s": cpu, **result.quality},
    }


def _timed(work: Callable[[], Any]) -> tuple[Any, tuple[float, float]]:
    """What `work` gives, and its wall and processor time in seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return found, (time.perf_counter() - wall, time.process_time() - cpu)
