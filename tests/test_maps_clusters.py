from collections import Counter, defaultdict

import numpy as np
import pytest

from kn_assets.cluster_terms import Terms, telling
from kn_assets.clusters import centres, clusters


def test_blobs_are_found_largest_first_and_scattered_points_are_not():
    rng = np.random.default_rng(0)
    sizes = (60, 200, 100)
    centres = np.array([[0, 0], [50, 0], [0, 50]])
    blobs = [c + rng.normal(0, 1, (n, 2)) for c, n in zip(centres, sizes, strict=True)]
    lone = np.array([[200, 200], [-300, 10], [90, -200]])
    labels = clusters(np.concatenate([*blobs, lone]))
    assert labels.dtype == np.int16
    truth = np.repeat([2, 0, 1], sizes)
    agreed = labels[:360] == truth
    assert agreed.mean() > 0.95
    assert set(labels[:360][~agreed]) <= {-1}
    assert (labels[360:] == -1).all()


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_too_few_points_form_no_cluster(n):
    assert clusters(np.zeros((n, 2))).tolist() == [-1] * n


def test_points_in_one_place():
    labels = clusters(np.zeros((50, 2), dtype=np.float32))
    assert labels.shape == (50,)
    assert len(set(labels.tolist())) == 1


def test_a_centre_is_a_member_in_the_middle():
    """Also of a ring, whose mean lies outside of it."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = 10 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    blob = np.array([[50, 50], [51, 50], [50, 51], [80, 80.0]])
    points, labels = np.concatenate([ring, blob]), np.repeat([0, 1], [40, 4])
    found = centres(points, labels)
    assert np.linalg.norm(found[0]) == pytest.approx(10)
    assert found[1].tolist() in blob[:3].tolist()
    assert centres(points, np.full(44, -1)).shape == (0, 2)


def test_terms_are_common_here_and_more_than_elsewhere():
    labels = np.array([0, 0, 0, 0, 1, 1, 1, -1, -1, -1])
    countries = ["China"] * 3 + ["Peru"] + ["Peru", "Peru", "Chile"] + ["Chile"] * 3
    china, peru = (
        [(t.term, t.share, t.lift) for t in found]
        for found in telling(labels, Terms(np.arange(10), countries), k=3)
    )
    assert china == [("China", 0.75, pytest.approx(0.75 / 0.3))]
    assert peru == [("Peru", pytest.approx(2 / 3), pytest.approx(2 / 0.9))]


@pytest.mark.parametrize("weighted", [False, True])
def test_the_order_of_terms_is_the_divergence(weighted):
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


def test_no_clusters_no_terms():
    assert telling(np.array([-1, -1]), Terms(np.array([0, 1]), ["a", "b"]), 3) == []
    nothing = np.array([], dtype=int)
    assert telling(nothing, Terms(nothing, []), 3) == []
    assert telling(np.array([0, 0]), Terms(nothing, []), 3) == [[]]
