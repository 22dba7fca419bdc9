"""The peaks of an atlas as a sparse matrix, and out of it what neurons and prompts are placed by.

Eight bytes are held for each peak, of which an atlas of 4,400 prompts and 46,080 neurons has 34
million, from reading them to the end: features scale and centre the matrix without a second one
(`Centred`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kn_assets.maps.pca import Centred

_ROWS_AT_ONCE = 1 << 20  # peaks summed at once

Peaks: TypeAlias = pa.Table | Iterable[pa.RecordBatch]
"""Columns layer, neuron, prompt_id, activation of `neuron_peaks`, in any order, others ignored."""


def peaks_matrix(peaks: Peaks, n_layers: int, n_neurons: int, n_prompts: int) -> Any:
    """The peaks as a float32 scipy CSR matrix, (n_layers * n_neurons) x n_prompts.

    Batches are taken one at a time. Raises ValueError for ids out of range and for a neuron and
    prompt that come twice.
    """
    from scipy.sparse import coo_matrix, csr_matrix

    shape = (n_layers * n_neurons, n_prompts)
    counts = np.zeros(shape[0], dtype=np.int64)
    columns, values = _Growing(np.int32), _Growing(np.float32)
    rows: _Growing | None = None  # needed only where they come in no order
    last = -1
    for batch in peaks.to_batches() if isinstance(peaks, pa.Table) else peaks:
        row, prompt = _places(batch, n_layers, n_neurons, n_prompts)
        if not len(row):
            continue
        ordered = row[0] >= last and bool((np.diff(row) >= 0).all())
        last = row[-1]
        if rows is None and not ordered:
            rows = _Growing(np.int32)
            rows.add(np.repeat(np.arange(shape[0], dtype=np.int32), counts))
        if rows is not None:
            rows.add(row)
        counts += np.bincount(row, minlength=shape[0])
        columns.add(prompt)
        values.add(batch.column("activation").to_numpy())
    data, indices = values.done(), columns.done()
    if rows is None:
        ends = np.concatenate([[0], np.cumsum(counts)])
        matrix = csr_matrix((data, indices, ends), shape=shape)
    else:
        matrix = coo_matrix((data, (rows.done(), indices)), shape=shape).tocsr()
    stored = matrix.nnz
    matrix.sum_duplicates()
    if len(data) != stored or matrix.nnz != stored:
        raise ValueError("peaks have a neuron and prompt twice")
    return matrix


def _places(
    batch: pa.RecordBatch, n_layers: int, n_neurons: int, n_prompts: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The row of the matrix, a neuron, and the column, a prompt, of each peak."""
    layer, neuron, prompt = (
        batch.column(c).to_numpy().astype(np.int32) for c in ("layer", "neuron", "prompt_id")
    )
    for name, ids, n in (
        ("layer", layer, n_layers),
        ("neuron", neuron, n_neurons),
        ("prompt_id", prompt, n_prompts),
    ):
        if len(ids) and (ids.min() < 0 or ids.max() >= n):
            raise ValueError(f"peaks have a {name} out of the range 0 to {n - 1}")
    return layer * np.int32(n_neurons) + neuron, prompt


class _Growing:
    """An array that values are added to. To grow takes no second one: its pages are moved."""

    def __init__(self, dtype: type) -> None:
        self._kept: NDArray[Any] = np.empty(1 << 16, dtype)
        self._n = 0

    def add(self, values: NDArray[Any]) -> None:
        last = self._n + len(values)
        if last > len(self._kept):
            self._kept.resize(max(last, len(self._kept) * 9 // 8), refcheck=False)
        self._kept[self._n : last] = values
        self._n = last

    def done(self) -> NDArray[Any]:
        """What was added; nothing can be added any more."""
        self._kept.resize(self._n, refcheck=False)
        return self._kept


def neuron_features(matrix: Any) -> Centred:
    """Rows of length 1, less their mean; rows of neurons that never fired stay zero."""
    squares = _sums(matrix, 2)
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
    mean = _sums(matrix, 1) / n
    variance = _sums(matrix, 2) / n - mean**2
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


def _sums(matrix: Any, power: int) -> NDArray[np.float64]:
    """The sum of each row's values to a power, float64."""
    found = np.zeros(matrix.shape[0])
    ends = matrix.indptr
    first = 0
    while first < len(found):
        # As many whole rows as hold so many peaks, one at least.
        last = int(np.searchsorted(ends, ends[first] + _ROWS_AT_ONCE, side="right")) - 1
        last = min(max(last, first + 1), len(found))
        powers = matrix.data[ends[first] : ends[last]].astype(np.float64) ** power
        filled = first + np.flatnonzero(np.diff(ends[first : last + 1]))
        if len(filled):
            found[filled] = np.add.reduceat(powers, ends[filled] - ends[first])
        first = last
    return found
