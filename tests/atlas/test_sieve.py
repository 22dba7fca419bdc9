"""Fired neurons, moments and streaming top-k against brute force over the dense array."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from kn_assets.atlas import packed
from kn_assets.atlas.compaction import BesideTheModel, Compaction, OnTheDevice
from kn_assets.atlas.moments import Moments
from kn_assets.atlas.sieve import Bounds, Sieve, passing, plain
from kn_assets.atlas.sifting import top_key
from kn_assets.atlas.top import Top, ordered, strongest, unordered

DTYPES = [torch.float32, torch.bfloat16]
N, K, THRESHOLD = 50, 5, 1.7


def dense(dtype: torch.dtype, seed: int = 0) -> torch.Tensor:
    """[300 prompts, 10 tokens, N]; rounded to few values, so that ties are common."""
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(size=(300, 10, N)) * 8) / 8
    values[:, 0] *= 100  # an attention sink
    return torch.tensor(values, dtype=dtype)


def padded_index() -> np.ndarray:
    index = np.arange(3000).reshape(300, 10)
    index[7, 6:] = -1
    index[100, 3:] = -1
    index[101, 1:] = -1
    return index


@pytest.mark.parametrize("dtype", DTYPES)
def test_passing_is_what_comparing_numbers_gives(dtype: torch.dtype) -> None:
    rows = dense(dtype).reshape(-1, N)[:500]
    found = passing(rows, THRESHOLD)
    values = rows.float().numpy()
    wanted = [(t, n) for t in range(500) for n in range(N) if abs(values[t, n]) >= THRESHOLD]
    assert list(zip(found.tokens, found.neurons, strict=True)) == wanted
    assert (found.values == values[tuple(np.array(wanted).T)]).all()


KINDS = [BesideTheModel, lambda sieves, pool: OnTheDevice(sieves, pool, "cpu")]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", [1, 16, 300])
@pytest.mark.parametrize("kind", KINDS, ids=["beside the model", "on the device"])
def test_a_sieve_keeps_what_brute_force_finds(
    dtype: torch.dtype, batch: int, kind: Callable[..., Compaction]
) -> None:
    activations, index = dense(dtype), padded_index()
    sieves = [Sieve(N, THRESHOLD, K, Bounds.none(N)) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        compaction = kind(sieves, pool)
        for i in range(0, len(index), batch):
            some = activations[i : i + batch].reshape(-1, N)
            compaction.batch(index[i : i + batch])
            compaction.take(0, some)
            compaction.take(1, -some)
        compaction.finish()

    values = activations.float().numpy().reshape(-1, N)
    real = index.ravel() >= 0
    counted = real & (np.arange(3000) % 10 != 0)
    tokens, neurons = np.nonzero((np.abs(values) >= THRESHOLD) & real[:, None])
    wanted = dict(zip(zip(tokens, neurons, strict=True), values[tokens, neurons], strict=True))
    for sieve, turned in zip(sieves, (1, -1), strict=True):
        fired = np.concatenate(sieve.fired)
        tokens_and_neurons = zip(packed.first(fired), packed.second(fired), strict=True)
        found = dict(zip(tokens_and_neurons, turned * packed.values(fired), strict=True))
        assert found == wanted
        for sign, top in zip((turned, -turned), sieve.tops(), strict=True):
            masked = np.where(counted[:, None], sign * values, -np.inf)
            best = np.argsort(-masked, axis=0, kind="stable")[:K].T
            assert (top.tokens == best).all()
            assert (top.values == np.take_along_axis(masked.T, best, 1)).all()

    moments, _ = compaction.moments()
    assert moments.count == counted.sum()
    sums, squares = moments.totals
    np.testing.assert_allclose(sums, values[counted].sum(0, dtype=float), atol=1e-3)
    np.testing.assert_allclose(squares, (values[counted].astype(float) ** 2).sum(0), rtol=1e-5)


def test_sound_first_bounds_change_nothing() -> None:
    activations, index = dense(torch.float32).reshape(-1, N).numpy(), padded_index()
    free = Sieve(N, THRESHOLD, K, Bounds.none(N))
    free.add(activations, index, Moments.zero(N))
    sample = Sieve(N, np.inf, K, Bounds.none(N))
    some = activations.reshape(300, -1, N)[::30].reshape(-1, N)
    sample.add(some, index[::30], Moments.zero(N))
    high, low = sample.tops()
    bound = Sieve(N, THRESHOLD, K, Bounds(high.bound, -low.bound))
    bound.add(activations, index, Moments.zero(N))
    for a, b in zip(free.tops(), bound.tops(), strict=True):
        assert (a.tokens == b.tokens).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 7, 8, 61])
def test_layers_of_any_width_and_more_found_than_there_is_room_for(
    dtype: torch.dtype, n: int
) -> None:
    """Every value fires, and every value enters the tops of a first batch."""
    values = np.random.default_rng(n).normal(size=(2000, n)).astype(np.float32)
    rows = torch.tensor(np.where(values == 0, 1, values), dtype=dtype)
    sieve, moments = Sieve(n, 1e-30, 2, Bounds.none(n)), Moments.zero(n)
    sieve.add(plain(rows), np.arange(2000).reshape(-1, 2), moments)
    fired = np.concatenate(sieve.fired)
    dense = rows.float().numpy()
    assert (packed.first(fired) == np.repeat(np.arange(2000), n)).all()
    assert (packed.second(fired) == np.tile(np.arange(n), 2000)).all()
    assert (packed.values(fired) == packed.rounded(dense, 1e-30).ravel()).all()
    assert moments.count == 1000
    np.testing.assert_allclose(moments.totals[0], dense[1::2].sum(0, dtype=float), atol=1e-3)


def test_infinite_activations_fire_and_others_that_are_no_number_do_not() -> None:
    rows = np.zeros((2, N), np.float32)
    rows[1, :3] = np.inf, -np.inf, np.nan
    sieve = Sieve(N, THRESHOLD, K, Bounds.none(N))
    sieve.add(rows, np.array([[0, 1]]), Moments.zero(N))
    (fired,) = sieve.fired
    assert packed.values(fired).tolist() == [np.inf, -np.inf]


def test_a_failure_beside_the_model_is_raised() -> None:
    with ThreadPoolExecutor(1) as pool:
        compaction = BesideTheModel([Sieve(N, THRESHOLD, K, Bounds.none(N))], pool)
        compaction.batch(np.arange(3)[None])
        compaction.take(0, torch.zeros(3, N + 1))
        with pytest.raises(ValueError, match=r"\(3, 51\) activations for 3 x 50"):
            compaction.finish()


def test_packed_activations_sort_by_either_place() -> None:
    rng = np.random.default_rng(0)
    tokens, neurons = rng.integers(0, 65536, (2, 999))
    values = rng.normal(size=999).astype(np.float32)
    keys = packed.packed(tokens, neurons, values)
    for rows, first, second in (
        (np.sort(keys), tokens, neurons),
        (np.sort(packed.swapped(keys)), neurons, tokens),
    ):
        order = np.lexsort((second, first))
        assert (packed.first(rows) == first[order]).all()
        assert (packed.second(rows) == second[order]).all()
        assert (packed.values(rows) == values[order]).all()
        ends = packed.edges(rows, np.array([0, 100, 65535]))
        assert ends.tolist() == [0, (first < 100).sum(), (first < 65535).sum(), 999]


def test_stored_values_are_near_and_still_fired() -> None:
    rng = np.random.default_rng(0)
    values = (rng.normal(size=99999) * 10.0 ** rng.integers(-30, 30, 99999)).astype(np.float32)
    values[:2] = 0.7, -0.7
    stored = packed.rounded(values, 0.7)
    assert (np.abs(stored - values) <= np.abs(values) * 2.0**-14).all()

    fired = np.abs(values) >= np.float32(0.7)
    assert (np.abs(stored[fired]) >= np.float32(0.7)).all()
    coarse = torch.from_numpy(values).bfloat16().float().numpy()
    assert (packed.rounded(coarse, 0.0) == coarse).all()


def keys(neurons: np.ndarray, values: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    bits = values.astype(np.float32).view(np.uint32)
    made = [
        top_key(np.uint64(n), b, np.uint64(t))
        for n, b, t in zip(neurons, bits, tokens, strict=True)
    ]
    return np.array(made, np.uint64)


def test_keys_sort_by_neuron_then_strength_then_token() -> None:
    rng = np.random.default_rng(0)
    neurons, tokens = rng.integers(0, 20, 700), rng.permutation(65536)[:700]
    values = np.round(rng.normal(size=700), 1)
    values[:4] = np.inf, -np.inf, 0.0, -1e-40
    found = Top.of(strongest(keys(neurons, values, tokens), 20, 9), 20, 9)
    for neuron in range(20):
        order = np.lexsort((tokens, -values, neurons != neuron))[:9]
        mine = order[neurons[order] == neuron]
        assert found.tokens[neuron, : len(mine)].tolist() == tokens[mine].tolist()
        assert (found.values[neuron, : len(mine)] == values[mine].astype(np.float32)).all()
        assert (found.tokens[neuron, len(mine) :] == -1).all()


def test_fewer_values_than_k_leave_places_empty() -> None:
    made = keys(np.array([0, 2]), np.array([-1.0, 3.0]), np.array([5, 6]))
    top = Top.of(strongest(made, 3, 2), 3, 2)
    assert top.tokens.tolist() == [[5, -1], [-1, -1], [6, -1]]
    assert top.bound.tolist() == [-np.inf] * 3


def test_merged_tops_are_the_top_of_both_with_ties_to_the_earlier() -> None:
    a = Top(np.array([[3, 1]], np.float32), np.array([[10, 11]]))
    b = Top(np.array([[3, 2]], np.float32), np.array([[20, 21]]))
    assert a.merged(b).tokens.tolist() == [[10, 20]]
    assert b.merged(a).tokens.tolist() == [[20, 10]]


def test_ordered_sorts_like_the_numbers() -> None:
    values = np.array([-np.inf, -1e30, -1, -1e-40, 0, 1e-40, 0.5, 1, np.inf], np.float32)
    codes = ordered(values)
    assert (np.diff(codes.astype(np.int64)) > 0).all()
    assert (unordered(codes) == values).all()
