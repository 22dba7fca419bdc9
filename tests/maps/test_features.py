"""From peaks to components: the matrix, its features, and their principal components."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from kn_assets.maps import features as map_features
from kn_assets.maps.pca import principal_components
from tests.maps.peaks import planted, table


@pytest.mark.parametrize("shuffled", [False, True])
def test_matrix_of_peaks(shuffled: bool) -> None:
    dense, *_ = planted()
    peaks = table(dense, 2, shuffled)
    whole = map_features.peaks_matrix(peaks, 2, 90, 60)
    in_parts = map_features.peaks_matrix(iter(peaks.to_batches(max_chunksize=700)), 2, 90, 60)
    for matrix in (whole, in_parts):
        assert matrix.dtype == np.float32
        assert (matrix.toarray() == dense).all()


def test_matrix_of_no_peaks() -> None:
    peaks = table(np.zeros((4, 3), dtype=np.float32), 2)
    assert map_features.peaks_matrix(peaks, 2, 2, 3).toarray().tolist() == [[0, 0, 0]] * 4


def test_matrix_refuses_ids_out_of_range_and_rows_that_come_twice() -> None:
    dense, *_ = planted()
    peaks = table(dense, 2)
    for sizes in ((1, 90, 60), (2, 89, 60), (2, 90, 59)):
        with pytest.raises(ValueError, match="out of the range"):
            map_features.peaks_matrix(peaks, *sizes)
    for twice in (pa.concat_tables([peaks, peaks]), pa.concat_tables([peaks.slice(0, 1), peaks])):
        with pytest.raises(ValueError, match="twice"):
            map_features.peaks_matrix(twice, 2, 90, 60)


@pytest.mark.parametrize("at_once", [1, 50, 1 << 20])
def test_features_are_the_dense_ones(monkeypatch: pytest.MonkeyPatch, at_once: Any) -> None:
    """Whatever number of peaks is summed at once; with rows that are empty and one that is all."""
    monkeypatch.setattr(map_features, "_ROWS_AT_ONCE", at_once)
    dense, *_ = planted()
    dense[[0, 7, 8, -1]] = 0
    dense[5] = np.linspace(1, 2, 60)
    matrix = map_features.peaks_matrix(table(dense, 2), 2, 90, 60)
    alive = (dense != 0).any(axis=1)
    neurons = map_features.neuron_features(matrix).times(np.eye(60, dtype=np.float32))
    np.testing.assert_allclose(neurons[alive], dense_features(dense[alive], "neurons"), atol=1e-5)
    assert (neurons[~alive] == 0).all()
    prompts = map_features.prompt_features(matrix).times(np.eye(180, dtype=np.float32))
    np.testing.assert_allclose(
        prompts[:, alive], dense_features(dense[alive], "prompts"), atol=1e-4
    )
    assert (prompts[:, ~alive] == 0).all()


def exact(features: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    u, s, _ = np.linalg.svd(features.astype(np.float64), full_matrices=False)
    return u[:, :k] * s[:k], s[:k] ** 2 / (s**2).sum()


def dense_features(dense: np.ndarray, kind: str) -> np.ndarray:
    dense = dense.astype(np.float64)
    if kind == "neurons":
        rows = dense / np.linalg.norm(dense, axis=1, keepdims=True)
        return rows - rows.mean(axis=0)
    columns = dense.T - dense.T.mean(axis=0)
    return columns / columns.std(axis=0)


@pytest.mark.parametrize("kind", ["neurons", "prompts"])
@pytest.mark.parametrize(("n", "m"), [(60, 40), (40, 60), (700, 500), (500, 700)])
def test_principal_components_are_the_true_ones(kind: Any, n: int, m: Any) -> None:
    """Also where the Krylov space (6 x 18 dimensions) is a small part of the whole."""
    rng = np.random.default_rng(n)
    factors = rng.standard_normal((n, 8)) @ (
        rng.standard_normal((8, m)) * 0.8 ** np.arange(8)[:, None]
    )
    dense = factors + 0.3 * rng.standard_normal((n, m))
    dense[np.abs(dense) < np.quantile(np.abs(dense), 0.7)] = 0
    dense = dense.astype(np.float32)
    matrix = map_features.peaks_matrix(table(dense, 1), 1, n, m)
    make = map_features.neuron_features if kind == "neurons" else map_features.prompt_features
    scores, share = principal_components(make(matrix), 8, seed=0)
    wanted, wanted_share = exact(dense_features(dense, kind), 8)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(share, wanted_share, rtol=1e-4)
    sign = np.sign((scores * wanted).sum(axis=0))
    np.testing.assert_allclose(scores * sign, wanted, atol=2e-3 * np.abs(wanted).max())
