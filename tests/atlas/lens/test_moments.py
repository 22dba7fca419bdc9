"""Ridge regression out of sums is that over all tokens at once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kn_assets.atlas.lens.moments import Moments
from kn_assets.atlas.lens.translators import CONSTANT, Translators

D, N = 6, 400


def streams(seed: int, noise: float = 0.0, n: int = N) -> tuple[np.ndarray, np.ndarray]:
    """Inputs [n, D] around a far mean, and outputs by a known map."""
    rng = np.random.default_rng(seed)
    x = 3 + rng.standard_normal((n, D)) * np.arange(1, D + 1)
    return x, x @ known()[0] + known()[1] + noise * rng.standard_normal((n, D))


def known() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    return rng.standard_normal((D, D)), 5 * rng.standard_normal(D)


def moments(x: np.ndarray, y: np.ndarray, pieces: int = 1) -> Moments:
    made = Moments(torch.full((2, D), 2.5))
    for at in np.array_split(np.arange(len(x)), pieces):
        made.take([torch.from_numpy(s[at]).float() for s in (x, y)])
    return made


def ridge_map(x: np.ndarray, y: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """Ridge regression as NumPy does it, over all tokens: the map and the constant."""
    mx, my = x.mean(0), y.mean(0)
    xx, xy = ((x - mx).T @ of / len(x) for of in (x - mx, y - my))
    found = np.linalg.solve(xx + ridge * np.trace(xx) / D * np.eye(D), xy)
    return found, my - mx @ found


def test_a_known_map_is_recovered() -> None:
    fitted = Translators.fitted(moments(*streams(0)), moments(*streams(1)))
    wanted, constant = known()
    assert fitted.ridges == (1e-5,)  # nothing to shrink for
    np.testing.assert_allclose(fitted.matrices[0], wanted, atol=2e-3)
    np.testing.assert_allclose(fitted.constants[0], constant, atol=1e-2)
    x, y = streams(2)
    found = fitted.translated(0, torch.from_numpy(x).float())
    np.testing.assert_allclose(found, y, atol=1e-2)
    last = torch.from_numpy(x)
    assert fitted.translated(1, last) is last


@pytest.mark.parametrize("ridge", [1e-5, 1e-2, 1.0])
def test_maps_are_those_of_all_tokens_at_once(ridge: float) -> None:
    x, y = streams(0, noise=4)
    (found,) = moments(x, y, pieces=7).of(0).maps([ridge])
    np.testing.assert_allclose(found, ridge_map(x, y, ridge)[0], rtol=1e-3, atol=1e-4)


def test_the_error_on_other_tokens() -> None:
    x, y = streams(0, noise=4)
    others = streams(1, noise=4, n=50)
    means = moments(x, y).of(0)
    maps = means.maps([1e-5, 1e-1, 10.0])
    found = moments(*others).error(0, means, maps)
    for error, ridge in zip(found, (1e-5, 1e-1, 10.0), strict=True):
        matrix, constant = ridge_map(x, y, ridge)
        wanted = ((others[0] @ matrix + constant - others[1]) ** 2).sum(1).mean()
        assert error == pytest.approx(wanted, rel=1e-3)
    assert found[0] < found[2]


def test_few_tokens_are_shrunk_for() -> None:
    few = moments(*streams(0, noise=30, n=9))
    chosen = Translators.fitted(few, moments(*streams(1, noise=30))).ridges
    assert chosen > Translators.fitted(moments(*streams(0)), moments(*streams(1))).ridges


def test_both_shares_are_in_the_last_fit() -> None:
    one, other = streams(0, noise=4), streams(1, noise=4)
    fitted = Translators.fitted(moments(*one), moments(*other))
    x, y = (np.concatenate(pair) for pair in zip(one, other, strict=True))
    matrix, constant = ridge_map(x, y, fitted.ridges[0])
    np.testing.assert_allclose(fitted.matrices[0], matrix, rtol=2e-3, atol=1e-3)
    np.testing.assert_allclose(fitted.constants[0], constant, rtol=2e-3, atol=2e-2)


def test_a_table_and_back() -> None:
    fitted = Translators.fitted(moments(*streams(0)), moments(*streams(1)))
    table = fitted.table()
    assert table["dimension"].to_pylist() == [CONSTANT, *range(D)]
    again = Translators.of_table(table)
    assert torch.equal(again.matrices, fitted.matrices)
    assert torch.equal(again.constants, fitted.constants)
    none = Translators.of_table(table.slice(0, 0))
    assert none.constants.numel() == 0
