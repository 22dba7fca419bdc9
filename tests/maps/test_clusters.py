from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from kn_assets.maps.clusters import centres, clusters, modularity
from kn_assets.maps.labels.terms import Terms, telling
from kn_assets.maps.tsne import neighbour_graph


def planted(
    sizes: list[int], within: float, between: float, seed: int = 0
) -> tuple[csr_array, np.ndarray]:
    """A graph of groups whose points are joined with one probability, and others with another."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    chance = np.where(truth[:, None] == truth[None], within, between)
    upper = np.triu(rng.random(chance.shape) < chance, 1) * rng.uniform(0.5, 1.5, chance.shape)
    return csr_array(upper + upper.T), truth


def same_partition(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two lists of labels tell the same points apart, whatever the labels are."""
    pairs = set(zip(a.tolist(), b.tolist(), strict=True))
    return len(pairs) == len(set(a.tolist())) == len(set(b.tolist()))


def test_planted_groups_are_found_largest_first() -> None:
    graph, truth = planted((60, 200, 100), 0.4, 0.01)
    labels = clusters(graph, resolution=1.0)
    assert labels.dtype == np.int16
    assert labels.tolist() == np.array([2, 0, 1])[truth].tolist()


def test_more_resolution_tells_groups_within_groups_apart() -> None:
    """Two groups of two each: joined by 0.9 in the inner ones, by 0.3 in the outer ones."""
    rng = np.random.default_rng(0)
    outer, inner = np.repeat([0, 1], 100), np.repeat([0, 1, 2, 3], 50)
    chance = np.where(outer[:, None] == outer, 0.3, 0.01)
    chance[inner[:, None] == inner] = 0.9
    upper = np.triu(rng.random(chance.shape) < chance, 1).astype(float)
    graph = csr_array(upper + upper.T)
    assert same_partition(clusters(graph, resolution=0.5), outer)
    assert same_partition(clusters(graph, resolution=2.0), inner)


def test_points_without_neighbours_and_small_communities_are_in_no_cluster() -> None:
    """Groups of 40, 4 and 5 that nothing joins, and three points alone."""
    graph, _ = planted((40, 4, 5, 1, 1, 1), 1, 0)
    assert clusters(graph, resolution=0.5).tolist() == [0] * 40 + [-1] * 4 + [1] * 5 + [-1] * 3


@pytest.mark.parametrize("n", [0, 1, 9])
def test_without_edges_there_are_no_clusters(n: int) -> None:
    graph = csr_array((n, n))
    labels = clusters(graph)
    assert labels.tolist() == [-1] * n
    assert modularity(graph, labels) == 0


def test_the_order_of_points_does_not_matter() -> None:
    graph, truth = planted((50, 80, 120, 30), 0.7, 0.02)
    order = np.random.default_rng(1).permutation(len(truth))
    labels, moved = (clusters(g, resolution=1.0) for g in (graph, graph[order][:, order]))
    assert same_partition(labels, truth)
    assert same_partition(labels[order], moved)


def test_the_default_resolution_grows_with_the_points() -> None:
    for size, resolution in ((30, 1.0), (500, 2.0)):
        graph, _ = planted((size, size), 0.6, 0.01)
        assert clusters(graph).tolist() == clusters(graph, resolution=resolution).tolist()
    assert clusters(graph).max() > clusters(graph, resolution=1.0).max()


def test_a_seed_gives_one_partition_in_any_process() -> None:
    """Of a graph at random, which has many partitions that are nearly as good."""
    graph, _ = planted((300,), 0.05, 0)
    labels = [clusters(graph, seed).tolist() for seed in (0, 0, 1)]
    assert labels[0] == labels[1] != labels[2]
    code = (
        "from kn_assets.maps.clusters import clusters; "
        "from tests.maps.test_clusters import planted; "
        "print(clusters(planted((300,), 0.05, 0)[0], 0).tolist())"
    )
    there = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert json.loads(there.stdout) == labels[0]


def test_no_single_point_would_be_better_elsewhere() -> None:
    """What Leiden promises of the partitions it ends with, by modularity counted anew each time."""
    graph, _ = planted((40, 50, 60), 0.2, 0.04)
    labels = clusters(graph, resolution=1.0)
    assert labels.min() == 0
    reached = brute_modularity(graph, labels)
    for point in range(0, len(labels), 3):
        for other in range(labels.max() + 1):
            moved = labels.copy()
            moved[point] = other
            assert brute_modularity(graph, moved) <= reached + 1e-12


def brute_modularity(graph: Any, labels: np.ndarray) -> float:
    """Newman and Girvan (2004): the sum over pairs in a cluster of A_ij - k_i k_j / 2m, over 2m."""
    a = graph.toarray()
    k = a.sum(axis=1)
    labels = np.where(labels < 0, len(labels) + np.arange(len(labels)), labels)
    same = labels[:, None] == labels[None]
    return float(((a - np.outer(k, k) / a.sum()) * same).sum() / a.sum())


@pytest.mark.parametrize("in_none", [False, True])
def test_modularity_is_that_over_all_pairs(in_none: Any) -> None:
    graph, truth = planted((30, 20, 10), 0.5, 0.1)
    labels = np.random.default_rng(0).integers(0, 4, len(truth))
    if in_none:
        labels[::3] = -1
    assert modularity(graph, labels) == pytest.approx(brute_modularity(graph, labels), abs=1e-12)
    assert modularity(graph, truth) > modularity(graph, labels)
    assert modularity(graph, np.zeros(len(truth), int)) == pytest.approx(0, abs=1e-12)


def test_clusters_are_of_the_graph_that_the_map_is_laid_out_by() -> None:
    """Groups in many dimensions, of which no two show in the first two columns."""
    rng = np.random.default_rng(0)
    truth = np.arange(240) % 4
    points = np.concatenate([rng.normal(0, 1, (240, 2)), np.eye(4)[truth] * 9], axis=1)
    points += rng.normal(0, 0.5, points.shape)
    graph = neighbour_graph(points.astype(np.float32))
    labels = clusters(graph)
    assert all(len(set(truth[labels == c])) == 1 for c in range(labels.max() + 1))
    assert modularity(graph, truth) > 0.6


def test_the_graph_joins_each_point_with_its_nearest() -> None:
    rng = np.random.default_rng(0)
    points = rng.standard_normal((40, 3)).astype(np.float32)
    graph = neighbour_graph(points).toarray()
    assert graph.sum() == pytest.approx(1)
    np.testing.assert_allclose(graph, graph.T)
    assert (graph.diagonal() == 0).all()
    away = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(away, np.inf)
    k = 39  # three times the perplexity, which is a third of the others
    assert (graph > 0).sum() == 40 * k
    nearest = away.argmin(axis=1)
    assert (graph[np.arange(40), nearest] > np.median(graph, axis=1)).all()
    assert neighbour_graph(points[:9]).nnz == 0


def test_a_centre_is_a_member_in_the_middle() -> None:
    """Also of a ring, whose mean lies outside of it."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = 10 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    blob = np.array([[50, 50], [51, 50], [50, 51], [80, 80.0]])
    points, labels = np.concatenate([ring, blob]), np.repeat([0, 1], [40, 4])
    found = centres(points, labels)
    assert np.linalg.norm(found[0]) == pytest.approx(10)
    assert found[1].tolist() in blob[:3].tolist()
    apart = np.concatenate([blob[:3], [[500, 0], [501, 0]], [[-300, 9], [-400, 9]]])
    assert centres(apart, np.zeros(7, int))[0].tolist() in apart[:5].tolist()
    assert centres(points, np.full(44, -1)).shape == (0, 2)


def test_terms_are_common_here_and_more_than_elsewhere() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 1, -1, -1, -1])
    countries = ["China"] * 3 + ["Peru"] + ["Peru", "Peru", "Chile"] + ["Chile"] * 3
    china, peru = (
        [(t.term, round(t.share, 9), round(t.lift, 9)) for t in found]
        for found in telling(labels, Terms(np.arange(10), countries), k=3)
    )
    assert china == [("China", 0.75, 2.5)]
    assert peru == [("Peru", round(2 / 3, 9), round(2 / 0.9, 9))]


@pytest.mark.parametrize("weighted", [False, True])
def test_the_order_of_terms_is_the_divergence(weighted: bool) -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(-1, 3, 500)
    points = rng.integers(0, 500, 3000)
    terms = [f"t{t}" for t in rng.zipf(1.5, 3000) % 40]
    weights = rng.random(3000) if weighted else np.ones(3000)
    found = telling(
        labels,
        Terms(points, terms, weights if weighted else None),
        4,
        least_lift=1.2,
        least_points=3,
    )
    for cluster in range(3):
        here, everywhere, having = Counter(), Counter(), defaultdict(set)
        for point, term, weight in zip(points, terms, weights, strict=True):
            everywhere[term] += weight
            if labels[point] == cluster:
                here[term] += weight
                having[term].add(point)
        told = []
        for term, weight in here.items():
            p, q = weight / here.total(), everywhere[term] / everywhere.total()
            if p / q > 1.2 and len(having[term]) >= 3:
                told.append((-p * np.log(p / q), term))
        assert [t.term for t in found[cluster]] == [term for _, term in sorted(told)[:4]]
        assert [-t.score for t in found[cluster]] == pytest.approx([s for s, _ in sorted(told)[:4]])


def test_no_clusters_no_terms() -> None:
    assert telling(np.array([-1, -1]), Terms(np.array([0, 1]), ["a", "b"]), 3) == []
    nothing = np.array([], dtype=int)
    assert telling(nothing, Terms(nothing, []), 3) == []
    assert telling(np.array([0, 0]), Terms(nothing, []), 3) == [[]]
