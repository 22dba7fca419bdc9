"""Maps of neurons and prompts in the plane, from each neuron's peak in each prompt.

The peaks are a sparse matrix, neurons x prompts: 17 % of it is filled at the default density. Both
maps are 50 principal components of it, then t-SNE. Activations grow with depth (their 99th
percentile is 0.65 in the first and 17 in the last layer of a 30-layer model), so neither may see
them as they are:

- neurons: each row has length 1, so that near means a large cosine: two neurons are alike where
  their peaks have the same proportions over the prompts, however strong they are;
- prompts: each neuron (column) has mean 0 and standard deviation 1 over the prompts, so that every
  neuron counts alike, whatever its layer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kn_assets import tsne
from kn_assets.clusters import clusters
from kn_assets.pca import Centred, principal_components
from kn_assets.progress import Progress
from kn_assets.schema import TABLES

COMPONENTS = 50
_DISC = 0.12  # largest radius of the disc of silent neurons, by the extent of the map
_SILENT = Progress()

Floats = NDArray[np.floating[Any]]
Peaks: TypeAlias = pa.Table | Iterable[pa.RecordBatch]
"""Columns layer, neuron, prompt_id, activation of `neuron_peaks`, in any order, others ignored."""


@dataclass(frozen=True)
class MapResult:
    """Places in the plane: x, y float32 and cluster int16 (-1: none), each of n points.

    `quality` holds `explained_variance` (share of it in the 50 components), `knn_preservation`
    (share of the 10 nearest in 50 dimensions that are among the 10 nearest in the plane; absent for
    fewer than 12 points), `kl_divergence`, `clusters` (their number), and `silent` (points without
    any peak).
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


def peaks_matrix(peaks: Peaks, n_layers: int, n_neurons: int, n_prompts: int) -> Any:
    """The peaks as a float32 scipy CSR matrix, (n_layers * n_neurons) x n_prompts.

    Eight bytes for each peak; batches are taken one at a time. Raises ValueError for ids out of
    range and for a neuron and prompt that come twice.
    """
    from scipy.sparse import coo_matrix, csr_matrix

    shape = (n_layers * n_neurons, n_prompts)
    counts = np.zeros(shape[0] + 1, dtype=np.int64)
    rows, columns, values = [], [], []
    ordered, last = True, -1
    for batch in peaks.to_batches() if isinstance(peaks, pa.Table) else peaks:
        layer, neuron, prompt = (
            batch.column(c).to_numpy().astype(np.int32) for c in ("layer", "neuron", "prompt_id")
        )
        if not len(layer):
            continue
        for name, ids, n in (
            ("layer", layer, n_layers),
            ("neuron", neuron, n_neurons),
            ("prompt_id", prompt, n_prompts),
        ):
            if ids.min() < 0 or ids.max() >= n:
                raise ValueError(f"peaks have a {name} out of the range 0 to {n - 1}")
        row = layer * np.int32(n_neurons) + neuron
        ordered = ordered and row[0] >= last and bool((np.diff(row) >= 0).all())
        last = row[-1]
        counts[1:] += np.bincount(row, minlength=shape[0])
        rows.append(row)
        columns.append(prompt)
        values.append(batch.column("activation").to_numpy().astype(np.float32))
    if not rows:
        return csr_matrix(shape, dtype=np.float32)
    data, indices = np.concatenate(values), np.concatenate(columns)
    if ordered:
        rows.clear()
        matrix = csr_matrix((data, indices, np.cumsum(counts)), shape=shape)
    else:
        matrix = coo_matrix((data, (np.concatenate(rows), indices)), shape=shape).tocsr()
    stored = matrix.nnz
    matrix.sum_duplicates()
    if len(data) != stored or matrix.nnz != stored:
        raise ValueError("peaks have a neuron and prompt twice")
    return matrix


def neuron_features(matrix: Any) -> Centred:
    """Rows of length 1, less their mean; rows of neurons that never fired stay zero."""
    squares = _squares(matrix, axis=1)
    here = (squares > 0).astype(np.float32)
    rows = np.zeros(len(squares), dtype=np.float32)
    rows[squares > 0] = 1 / np.sqrt(squares[squares > 0])
    n = max(float(here.sum()), 1.0)
    mean = (matrix.T @ rows) / np.float32(n)
    ones = np.ones(matrix.shape[1], dtype=np.float32)
    total = float(here.sum()) - n * float(mean.astype(np.float64) @ mean)
    return Centred(matrix, rows, ones, mean, here, total)


def prompt_features(matrix: Any) -> Centred:
    """Prompts x neurons, each neuron with mean 0 and standard deviation 1, or 0 where constant."""
    n = matrix.shape[1]
    mean = np.asarray(matrix.sum(axis=1, dtype=np.float64)).ravel() / n
    variance = _squares(matrix, axis=1) / n - mean**2
    varies = variance > 1e-9 * np.maximum(mean**2, 1e-30)
    columns = np.zeros(len(mean))
    columns[varies] = 1 / np.sqrt(variance[varies])
    ones = np.ones(n, dtype=np.float32)
    return Centred(
        matrix.T,
        ones,
        columns.astype(np.float32),
        (mean * columns).astype(np.float32),
        ones,
        float(n * varies.sum()),
    )


def _squares(matrix: Any, axis: int) -> NDArray[np.float64]:
    """Sums of squares in float64, without a second matrix of that width."""
    squared = matrix.copy()
    squared.data **= 2
    return np.asarray(squared.sum(axis=axis, dtype=np.float64)).ravel()


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
        placed, divergence = tsne.embed(scores, seed, bar, start)
    found = np.zeros((len(here), 2), dtype=np.float32)
    found[here] = placed
    found[~here] = _beside(placed, int((~here).sum()))
    labels = np.full(len(here), -1, dtype=np.int16)
    labels[here] = clusters(placed)
    quality = {
        "explained_variance": float(share.sum()),
        "kl_divergence": divergence,
        "clusters": float(labels.max(initial=-1) + 1),
        "silent": float((~here).sum()),
    }
    preserved = tsne.preservation(scores, placed, seed)
    if preserved is not None:
        quality["knn_preservation"] = preserved
    return MapResult(found[:, 0].copy(), found[:, 1].copy(), labels, quality)


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
