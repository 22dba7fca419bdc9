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
_QUIET = Progress()

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class MapResult:
    """Places in the plane: x, y float32 and cluster int16 (-1: none), each of n points.

    A point without any peak is like no other and has no place: `silent` (bool) is true, its x and y
    are NaN, its cluster is -1.

    `quality` holds `explained_variance` (share of it in the 50 components), `knn_preservation`
    (share of the 10 nearest in 50 dimensions that are among the 10 nearest in the plane; absent for
    fewer than 12 points), `kl_divergence`, `clusters` (their number), `modularity` (of the graph
    of neighbours, in these clusters), and `silent` (points without any peak).
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    cluster: NDArray[np.int16]
    silent: NDArray[np.bool_]
    quality: dict[str, float]


def neuron_map(
    peaks: Peaks | Any,
    n_layers: int,
    n_neurons: int,
    n_prompts: int,
    seed: int = 0,
    progress: Progress = _QUIET,
    init: Floats | None = None,
) -> MapResult:
    """Place the neurons that fired, in the order of (layer, neuron): n_layers * n_neurons points.

    `peaks` are rows of `neuron_peaks`, or what `peaks_matrix` made of them. `init` (points, 2) is
    where to begin, for instance the map of an earlier training step; points whose row isn't finite
    begin in the middle.
    """
    matrix = _matrix(peaks, n_layers, n_neurons, n_prompts)
    return _map("neuron map", neuron_features(matrix), seed, progress, init)


def prompt_map(
    peaks: Peaks | Any,
    n_layers: int,
    n_neurons: int,
    n_prompts: int,
    seed: int = 0,
    progress: Progress = _QUIET,
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
    places = np.full((len(here), 2), np.nan, dtype=np.float32)
    places[here] = placed
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
    return MapResult(places[:, 0].copy(), places[:, 1].copy(), labels, ~here, quality)


def _table(name: str, ids: dict[str, NDArray[Any]], result: MapResult) -> pa.Table:
    x, y = (pa.array(place, mask=result.silent) for place in (result.x, result.y))
    columns: dict[str, Any] = {**ids, "x": x, "y": y, "cluster": result.cluster}
    schema = TABLES[name].schema
    return pa.table([pa.array(columns[f.name]).cast(f.type) for f in schema], schema=schema)
