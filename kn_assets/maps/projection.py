"""Maps of neurons and prompts in the plane, from each neuron's peak in each prompt.

The peaks are a sparse matrix, neurons x prompts: 17 % of it is filled at the default density. Both
maps are 50 principal components of it, then the graph of nearest neighbours that t-SNE lays out and
whose communities are the clusters. Activations grow with depth (their 99th
percentile is 0.65 in the first and 17 in the last layer of a 30-layer model), so neither may see
them as they are:

- neurons: each row has length 1, so that near means a large cosine: two neurons are alike where
  their peaks have the same proportions over the prompts, however strong they are;
- prompts: each neuron (column) has mean 0 and standard deviation 1 over the prompts, so that every
  neuron counts alike, whatever its layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kn_assets.lake.schema import TABLES
from kn_assets.maps import tsne
from kn_assets.maps.clusters import clusters, modularity
from kn_assets.maps.features import Peaks, neuron_features, peaks_matrix, prompt_features
from kn_assets.maps.pca import Centred, principal_components
from kn_assets.progress import Progress

COMPONENTS = 50
_DISC = 0.12  # largest radius of the disc of silent neurons, by the extent of the map
_SILENT = Progress()

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class MapResult:
    """Places in the plane: x, y float32 and cluster int16 (-1: none), each of n points.

    `quality` holds `explained_variance` (share of it in the 50 components), `knn_preservation`
    (share of the 10 nearest in 50 dimensions that are among the 10 nearest in the plane; absent for
    fewer than 12 points), `kl_divergence`, `clusters` (their number), `modularity` (of the graph
    of neighbours, in these clusters), and `silent` (points without any peak).
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    cluster: NDArray[np.int16]
    quality: dict[str, float]


def neuron_map(
    peaks: Peaks | Any,
    n_layers: int,
    n_neurons: int,
    n_prompts: int,
    seed: int = 0,
    progress: Progress = _SILENT,
    init: Floats | None = None,
) -> MapResult:
    """Place all neurons, in the order of (layer, neuron): n_layers * n_neurons points.

    `peaks` are rows of `neuron_peaks`, or what `peaks_matrix` made of them. Neurons that never
    fired lie in a small disc beside the map. `init` (points, 2) is where to begin, for instance the
    map of an earlier training step.
    """
    matrix = _matrix(peaks, n_layers, n_neurons, n_prompts)
    return _map("neuron map", neuron_features(matrix), seed, progress, init)


def prompt_map(
    peaks: Peaks | Any,
    n_layers: int,
    n_neurons: int,
    n_prompts: int,
    seed: int = 0,
    progress: Progress = _SILENT,
    init: Floats | None = None,
) -> MapResult:
    """Place all prompts, in their order; arguments as in `neuron_map`."""
    matrix = _matrix(peaks, n_layers, n_neurons, n_prompts)
    return _map("prompt map", prompt_features(matrix), seed, progress, init)


def neuron_table(result: MapResult, n_layers: int, n_neurons: int) -> pa.Table:
    """The rows of TABLES["neuron_map"]."""
    return _table(
        "neuron_map",
        {
            "layer": np.repeat(np.arange(n_layers), n_neurons),
            "neuron": np.tile(np.arange(n_neurons), n_layers),
        },
        result,
    )


def prompt_table(result: MapResult) -> pa.Table:
    """The rows of TABLES["prompt_map"]."""
    return _table("prompt_map", {"prompt_id": np.arange(len(result.x))}, result)


def _matrix(peaks: Any, n_layers: int, n_neurons: int, n_prompts: int) -> Any:
    if hasattr(peaks, "tocsr"):
        return peaks
    return peaks_matrix(peaks, n_layers, n_neurons, n_prompts)


def _map(
    title: str, features: Centred, seed: int, progress: Progress, init: Floats | None
) -> MapResult:
    here = features.here > 0
    total = tsne.EXAGGERATED_ITERATIONS + tsne.ITERATIONS
    with progress.bar(title, total, "iterations") as bar:
        bar.note("principal components")
        scores, share = principal_components(features, COMPONENTS, seed)
        scores = scores[here]
        start = None if init is None else np.asarray(init)[here]
        bar.note("neighbours")
        graph = tsne.neighbour_graph(scores)
        bar.note("clusters")
        found = clusters(graph, seed)
        placed, divergence = tsne.embed(scores, graph, seed, bar, start)
    places = np.zeros((len(here), 2), dtype=np.float32)
    places[here] = placed
    places[~here] = _beside(placed, int((~here).sum()))
    labels = np.full(len(here), -1, dtype=np.int16)
    labels[here] = found
    quality = {
        "explained_variance": float(share.sum()),
        "kl_divergence": divergence,
        "clusters": float(labels.max(initial=-1) + 1),
        "modularity": modularity(graph, found),
        "silent": float((~here).sum()),
    }
    preserved = tsne.preservation(scores, placed, seed)
    if preserved is not None:
        quality["knn_preservation"] = preserved
    return MapResult(places[:, 0].copy(), places[:, 1].copy(), labels, quality)


def _beside(placed: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """n points in a small disc to the right of the map, laid out like a sunflower's seeds."""
    if not n:
        return np.zeros((0, 2), dtype=np.float32)
    low, high = (placed.min(axis=0), placed.max(axis=0)) if len(placed) else (np.zeros(2),) * 2
    extent = float((high - low).max()) or 1.0
    radius = extent * min(0.5 * float(np.sqrt(n / (n + len(placed)))), _DISC)
    i = np.arange(n)
    angle = i * np.pi * (3 - np.sqrt(5))
    r = radius * np.sqrt((i + 0.5) / n)
    centre = (high[0] + 0.05 * extent + radius, (low[1] + high[1]) / 2)
    spots = np.stack([centre[0] + r * np.cos(angle), centre[1] + r * np.sin(angle)], axis=1)
    return spots.astype(np.float32)


def _table(name: str, ids: dict[str, NDArray[Any]], result: MapResult) -> pa.Table:
    columns: dict[str, Any] = {**ids, "x": result.x, "y": result.y, "cluster": result.cluster}
    schema = TABLES[name].schema
    return pa.table([pa.array(columns[f.name]).cast(f.type) for f in schema], schema=schema)
