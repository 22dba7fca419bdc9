import numpy as np
import pytest

from kn_assets.clusters import clusters, label_candidates


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


def test_labels_are_common_here_and_more_than_elsewhere():
    labels = np.array([0, 0, 0, 0, 1, 1, 1, -1, -1, -1])
    countries = ["China"] * 3 + ["Peru"] + ["Peru", "Peru", "Chile"] + ["Chile"] * 3
    found = label_candidates(labels, np.arange(10), countries)
    assert found == {0: [("China", 0.75)], 1: [("Peru", pytest.approx(2 / 3))]}


def test_the_order_of_labels_is_the_divergence():
    rng = np.random.default_rng(1)
    labels = rng.integers(-1, 3, 500)
    points = rng.integers(0, 500, 3000)
    terms = [f"t{t}" for t in rng.zipf(1.5, 3000) % 40]
    found = label_candidates(labels, points, terms, k=4)
    for label in range(3):
        inside = [t for p, t in zip(points, terms, strict=True) if labels[p] == label]
        score = {}
        for t in set(inside):
            p, q = inside.count(t) / len(inside), terms.count(t) / len(terms)
            score[t] = p * np.log(p / q)
        best = sorted((-s, t) for t, s in score.items() if s > 0)[:4]
        assert [t for t, _ in found[label]] == [t for _, t in best]


def test_no_clusters_no_labels():
    assert label_candidates(np.array([-1, -1]), np.array([0, 1]), ["a", "b"]) == {}
    assert label_candidates(np.array([], dtype=int), np.array([], dtype=int), []) == {}
