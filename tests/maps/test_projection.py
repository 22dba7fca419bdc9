"""Maps: what lies together, the same on every run, and what it was begun from."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import pytest

from kn_assets.lake.schema import TABLES
from kn_assets.maps import features, projection, tsne
from kn_assets.maps.pca import principal_components
from kn_assets.progress import Progress
from tests.maps.peaks import nearest_share, planted, table, xy


@cache
def planted_map(of: Callable[..., projection.MapResult]) -> projection.MapResult:
    """The map of the planted neurons, or of the prompts."""
    dense, *_ = planted()
    return of(table(dense, 2), 2, 90, 60)


def test_strength_of_a_layer_changes_nothing() -> None:
    dense, *_ = planted()
    louder = dense.copy()
    louder[:90] *= 64
    for make in (features.neuron_features, features.prompt_features):
        ones, others = (
            principal_components(make(features.peaks_matrix(table(d, 2), 2, 90, 60)), 5, 0)[0]
            for d in (dense, louder)
        )
        np.testing.assert_allclose(ones, others, atol=1e-3)


def test_alike_neurons_and_prompts_lie_together() -> None:
    _, neuron_group, prompt_group = planted()
    neurons = planted_map(projection.neuron_map)
    assert len(neurons.x) == 180
    assert nearest_share(xy(neurons), neuron_group) > 0.95
    prompts = planted_map(projection.prompt_map)
    assert nearest_share(xy(prompts), prompt_group) > 0.95
    for result in (neurons, prompts):
        assert 0.2 < result.quality["knn_preservation"] <= 1
        assert 0 < result.quality["explained_variance"] <= 1 + 1e-6
        assert result.quality["clusters"] == result.cluster.max() + 1
    found = neurons.cluster
    for label in range(found.max() + 1):
        counts = np.bincount(neuron_group[found == label])
        assert counts.max() > 0.9 * counts.sum()


def test_a_second_run_gives_equal_coordinates() -> None:
    dense, *_ = planted()
    peaks = table(dense, 2)
    first, second = (projection.neuron_map(peaks, 2, 90, 60, seed=3) for _ in range(2))
    assert (xy(first) == xy(second)).all()
    assert (first.cluster == second.cluster).all()
    assert (xy(first) != xy(projection.neuron_map(peaks, 2, 90, 60, seed=4))).any()


_PROCESS = """
import hashlib, numpy as np
from kn_assets.maps import tsne
from kn_assets.progress import Progress
tsne.ITERATIONS = tsne.EXAGGERATED_ITERATIONS = 20
for n in (300, 10_050):
    points = np.random.default_rng(0).standard_normal((n, 8)).astype(np.float32)
    with Progress().bar("", 0) as bar:
        found, _ = tsne.embed(points, tsne.neighbour_graph(points), 0, bar)
    print(n, hashlib.sha256(found.tobytes()).hexdigest())
"""


@pytest.mark.thorough
def test_two_processes_give_equal_coordinates() -> None:
    """In both ways to approximate the gradient, of which the second is for many points."""
    runs = [
        subprocess.run(
            [sys.executable, "-c", _PROCESS], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert len(runs[0].splitlines()) == 2
    assert runs[0] == runs[1]


def test_row_order_of_the_peaks_does_not_matter() -> None:
    dense, *_ = planted()
    other = projection.neuron_map(table(dense, 2, shuffled=True), 2, 90, 60)
    assert (xy(planted_map(projection.neuron_map)) == xy(other)).all()


@pytest.mark.parametrize("n", [1, 2, 3, 5, 9, 10, 11, 31])
def test_few_points(n: int) -> None:
    """n prompts and n neurons, all different, end in n different places."""
    rng = np.random.default_rng(n)
    dense = (rng.random((n, n)) + np.eye(n)).astype(np.float32)
    peaks = table(dense, 1)
    for result in (projection.neuron_map(peaks, 1, n, n), projection.prompt_map(peaks, 1, n, n)):
        points = xy(result)
        assert np.isfinite(points).all()
        assert result.cluster.shape == (n,)
        assert len(np.unique(points, axis=0)) == n


def test_no_neuron_ever_fired() -> None:
    peaks = table(np.zeros((6, 4), dtype=np.float32), 2)
    neurons = projection.neuron_map(peaks, 2, 3, 4)
    assert neurons.quality["silent"] == 6
    assert neurons.silent.all()
    assert np.isnan(xy(neurons)).all()
    assert (neurons.cluster == -1).all()
    assert projection.neuron_table(neurons, 2, 3)["x"].null_count == 6
    prompts = projection.prompt_map(peaks, 2, 3, 4)
    assert np.isfinite(xy(prompts)).all()


def test_silent_neurons_have_no_place() -> None:
    """The others have one, as ever beside those of their group."""
    dense, group, _ = planted()
    dense[::7] = 0
    silent = (dense == 0).all(axis=1)
    result = projection.neuron_map(table(dense, 2), 2, 90, 60)
    assert result.quality["silent"] == silent.sum() > 20
    assert (result.silent == silent).all()
    points = xy(result)
    assert np.isnan(points[silent]).all()
    assert (result.cluster[silent] == -1).all()
    assert np.isfinite(points[~silent]).all()
    assert nearest_share(points[~silent], group[~silent]) > 0.95
    rows = projection.neuron_table(result, 2, 90)
    for axis in ("x", "y"):
        assert rows[axis].is_null().to_numpy().tolist() == silent.tolist()


def test_equal_neurons_lie_together() -> None:
    dense, *_ = planted()
    dense[:60] = dense[0]
    result = projection.neuron_map(table(dense, 2), 2, 90, 60)
    points = xy(result)
    assert np.isfinite(points).all()
    spread = np.linalg.norm(points[:60] - points[:60].mean(axis=0), axis=1).mean()
    apart = np.linalg.norm(points[60:] - points[:60].mean(axis=0), axis=1).mean()
    assert spread < apart / 2


def test_a_map_begins_where_another_ended() -> None:
    """Turned by a quarter, the start turns the whole map."""
    dense, *_ = planted()
    peaks = table(dense, 2)
    first = xy(planted_map(projection.neuron_map))
    turned = np.stack([-first[:, 1], first[:, 0]], axis=1)
    second = xy(projection.neuron_map(peaks, 2, 90, 60, init=turned))

    def likeness(a: np.ndarray, b: np.ndarray) -> Any:
        return np.corrcoef((a - a.mean(axis=0)).ravel(), (b - b.mean(axis=0)).ravel())[0, 1]

    assert likeness(second, turned) > 0.8
    assert likeness(second, first) < 0.5
    partly = turned.copy()
    partly[::3] = np.nan
    assert np.isfinite(xy(projection.neuron_map(peaks, 2, 90, 60, init=partly))).all()


def test_tables() -> None:
    neurons = planted_map(projection.neuron_map)
    rows = projection.neuron_table(neurons, 2, 90)
    assert rows.schema == TABLES["neuron_map"].schema
    assert rows["layer"].to_pylist() == [0] * 90 + [1] * 90
    assert rows["neuron"].to_pylist() == [*range(90), *range(90)]
    assert (rows["x"].to_numpy() == neurons.x).all()
    prompts = projection.prompt_table(planted_map(projection.prompt_map))
    assert prompts.schema == TABLES["prompt_map"].schema
    assert prompts["prompt_id"].to_pylist() == list(range(60))


class Counting(Progress):
    def __init__(self) -> None:
        self.bars = []

    @contextmanager
    def bar(self, title: str, total: int, unit: str = "it", done: int = 0) -> Any:
        self.done = 0
        yield self
        self.bars.append((title, total, self.done))

    def advance(self, n: int = 1) -> None:
        self.done += n

    def note(self, text: str) -> None:
        self.last = text


@pytest.mark.parametrize("n", [4, 60])
def test_progress_runs_to_the_end(n: int) -> None:
    progress = Counting()
    dense, *_ = planted(1, 30, n)
    projection.prompt_map(table(dense, 1), 1, 30, n, progress=progress)
    assert progress.bars == [("prompt map", 750, 750)]


def test_neighbours_leave_the_point_itself_out() -> None:
    rng = np.random.default_rng(0)
    points = rng.standard_normal((80, 4)).astype(np.float32)
    points[10:16] = points[3]  # in the same place
    distance = np.linalg.norm(points[:, None].astype(float) - points[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    wanted = np.sort(distance, axis=1)[:, :7]
    for rows in (None, np.array([3, 12, 40])):
        indices, distances = tsne.neighbours(points, 7, rows)
        which = np.arange(80) if rows is None else rows
        assert not (indices == which[:, None]).any()
        np.testing.assert_allclose(distances, wanted[which], atol=2e-3)


def test_preservation() -> None:
    rng = np.random.default_rng(0)
    plane = rng.standard_normal((300, 2)).astype(np.float32)
    assert tsne.preservation(plane, plane * 5, seed=0) == 1
    assert tsne.preservation(plane, rng.permutation(plane), seed=0) < 0.1
    assert tsne.preservation(plane[:11], plane[:11], seed=0) is None
    noisy = plane + rng.normal(0, 0.1, plane.shape).astype(np.float32)

    def sets(points: np.ndarray) -> Any:
        distance = np.linalg.norm(points[:, None] - points[None], axis=2)
        return [set(np.argsort(row)[1:11]) for row in distance]

    wanted = np.mean([len(a & b) / 10 for a, b in zip(sets(plane), sets(noisy), strict=True)])
    assert tsne.preservation(plane, noisy, seed=0) == pytest.approx(wanted)
