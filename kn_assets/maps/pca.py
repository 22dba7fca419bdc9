"""Principal components of a sparse matrix, scaled and centred without making it dense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

_OVERSAMPLING = 10
_BLOCKS = 6


@dataclass(frozen=True)
class Centred:
    """The matrix A = diag(rows) M diag(columns) - here mean', of which only M (n x m) is stored.

    `matrix` is a scipy sparse matrix; `rows`, `columns` and `mean` are float32 vectors of n, m and
    m; `here` (n) is 1 for rows that count and 0 for rows that stay zero; `variance` is the squared
    Frobenius norm of A.
    """

    matrix: Any
    rows: Floats
    columns: Floats
    mean: Floats
    here: Floats
    variance: float

    def times(self, right: Floats) -> Floats:
        """A @ right, (n, k)."""
        product = self.matrix @ (self.columns[:, None] * right)
        return self.rows[:, None] * product - np.outer(self.here, self.mean @ right)

    def transposed_times(self, right: Floats) -> Floats:
        """A' @ right, (m, k)."""
        product = self.matrix.T @ (self.rows[:, None] * right)
        return self.columns[:, None] * product - np.outer(self.mean, self.here @ right)


def principal_components(a: Centred, k: int, seed: int) -> tuple[Floats, Floats]:
    """Scores (n, k') float32 on the first k' <= k components, and the share of variance of each.

    k' is smaller only where the matrix has fewer rows or columns. Block Krylov iteration (Musco and
    Musco 2015) with full orthogonalisation, which gets nearer to the true components than
    randomized power iteration in the same number of passes over the matrix, and is exact where the
    Krylov space is the whole space. The sign of a component makes its largest loading positive.
    """
    n, m = a.matrix.shape
    wide = n < m
    forth, back = (a.transposed_times, a.times) if wide else (a.times, a.transposed_times)
    k = min(k, n, m)
    basis = _krylov(lambda v: back(forth(v)), min(n, m), k + _OVERSAMPLING, seed)
    # A restricted to the basis: its right singular vectors (left ones where A is wide) are A's.
    image = forth(basis)
    values, turn = np.linalg.eigh(image.T.astype(np.float64) @ image.astype(np.float64))
    order = np.argsort(values)[::-1][:k]
    values, turn = np.maximum(values[order], 0.0), turn[:, order].astype(np.float32)
    scores = basis @ turn * np.sqrt(values).astype(np.float32) if wide else image @ turn
    loadings = image @ turn if wide else basis @ turn
    strongest = loadings[np.abs(loadings).argmax(axis=0), np.arange(k)]
    scores = scores * np.where(strongest < 0, -1, 1).astype(np.float32)
    share = values / a.variance if a.variance > 0 else np.zeros(k)
    return np.ascontiguousarray(scores, dtype=np.float32), share


def _krylov(gram: Any, size: int, width: int, seed: int) -> Floats:
    """An orthonormal basis (size, up to `_BLOCKS` * width) of span{V, GV, ..., G^5 V}, V random."""
    if size <= _BLOCKS * width:
        return np.eye(size, dtype=np.float32)
    rng = np.random.default_rng(seed)
    block = np.linalg.qr(rng.standard_normal((size, width), dtype=np.float32))[0]
    blocks = [block]
    for _ in range(_BLOCKS - 1):
        block = gram(block)
        known = np.hstack(blocks)
        for _ in range(2):  # twice is enough (Parlett 1980)
            block = np.linalg.qr(block - known @ (known.T @ block))[0]
        blocks.append(block)
    return np.hstack(blocks)
