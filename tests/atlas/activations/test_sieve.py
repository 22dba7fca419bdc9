"""Fired neurons, moments and streaming top-k against brute force over the dense array."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from kn_assets.atlas.activations import packed
from kn_assets.atlas.activations.compaction import Compaction, DeviceCompaction, HostCompaction
from kn_assets.atlas.activations.sieve import Bounds, Sieve, passing, plain
from kn_assets.atlas.activations.sifting import top_key
from kn_assets.atlas.activations.top import Top, ordered, strongest, unordered
from kn_assets.atlas.forward.batches import Batch

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


KINDS = [
    lambda sieves, pool: HostCompaction(sieves),
    lambda sieves, pool: DeviceCompaction(sieves, pool, "cpu"),
]


def batch_of(number: int, index: np.ndarray) -> Batch:
    sinks = np.zeros(index.shape, bool)
    sinks[:, 0] = True
    return Batch(number, np.zeros_like(index), index, sinks.ravel())


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
            now = batch_of(i // batch, index[i : i + batch])
            compaction.take(now, 0, some)
            compaction.take(now, 1, -some)
        moments, _ = compaction.finish()

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

    assert moments.count == counted.sum()
    sums, squares = moments.totals
    np.testing.assert_allclose(sums, values[counted].sum(0, dtype=float), atol=1e-3)
    np.testing.assert_allclose(squares, (values[counted].astype(float) ** 2).sum(0), rtol=1e-5)


def test_sound_first_bounds_change_nothing() -> None:
    activations, index = dense(torch.float32).reshape(-1, N).numpy(), padded_index()
    free = Sieve(N, THRESHOLD, K, Bounds.none(N))
    free.add(activations, batch_of(0, index))
    sample = Sieve(N, np.inf, K, Bounds.none(N))
    some = activations.reshape(300, -1, N)[::30].reshape(-1, N)
    sample.add(some, batch_of(0, index[::30]))
    high, low = sample.tops()
    bound = Sieve(N, THRESHOLD, K, Bounds(high.bound, -low.bound))
    bound.add(activations, batch_of(0, index))
    for kept in (0, 1):  # the largest, the smallest
        assert (free.tops()[kept].tokens == bound.tops()[kept].tokens).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 7, 8, 61])
def test_layers_of_any_width_and_more_found_than_there_is_room_for(
    dtype: torch.dtype, n: int
) -> None:
    """Every value fires, and every value enters the tops of a first batch."""
    values = np.random.default_rng(n).normal(size=(2000, n)).astype(np.float32)
    rows = torch.tensor(np.where(values == 0, 1, values), dtype=dtype)
    sieve = Sieve(n, 1e-30, 2, Bounds.none(n))
    sieve.add(plain(rows), batch_of(0, np.arange(2000).reshape(-1, 2)))
    fired = np.concatenate(sieve.fired)
    dense = rows.float().numpy()
    assert (packed.first(fired) == np.repeat(np.arange(2000), n)).all()
    assert (packed.second(fired) == np.tile(np.arange(n), 2000)).all()
    assert (packed.values(fired) == packed.rounded(dense, 1e-30).ravel()).all()
    assert sieve.moments.count == 1000
    np.testing.assert_allclose(sieve.moments.totals[0], dense[1::2].sum(0, dtype=float), atol=1e-3)


def test_infinite_activations_fire_and_others_that_are_no_number_do_not() -> None:
    rows = np.zeros((2, N), np.float32)
    rows[1, :3] = np.inf, -np.inf, np.nan
    sieve = Sieve(N, THRESHOLD, K, Bounds.none(N))
    sieve.add(rows, batch_of(0, np.array([[0, 1]])))
    (fired,) = sieve.fired
    assert packed.values(fired).tolist() == [np.inf, -np.inf]


def test_batches_of_several_threads_give_the_same_to_the_last_digit() -> None:
    activations, index = dense(torch.float32).numpy() / 3, padded_index()
    pieces = [(i, activations[10 * i : 10 * i + 10]) for i in range(30)]

    def made(order: list[int], threads: int) -> tuple[list[bytes], bytes, bytes]:
        sieve = Sieve(N, THRESHOLD / 3, K, Bounds.none(N))

        def add(i: int) -> None:
            number, some = pieces[i]
            sieve.add(some.reshape(-1, N), batch_of(number, index[10 * i : 10 * i + 10]))

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(add, order))
        tops = [a.tobytes() for top in sieve.tops() for a in (top.values, top.tokens)]
        fired = np.sort(np.concatenate(sieve.fired))
        return tops, sieve.moments.totals.tobytes(), fired.tobytes()

    shuffled = np.random.default_rng(0).permutation(30).tolist()
    assert made(list(range(30)), 1) == made(shuffled, 1) == made(shuffled, 8)


def test_a_layer_of_another_width_is_refused() -> None:
    compaction = HostCompaction([Sieve(N, THRESHOLD, K, Bounds.none(N))])
    with pytest.raises(ValueError, match=r"\(3, 51\) activations for 3 x 50"):
        compaction.take(batch_of(0, np.arange(3)[None]), 0, torch.zeros(3, N + 1))


def test_a_failure_on_the_way_from_the_device_is_raised() -> None:
    with ThreadPoolExecutor(1) as pool:
        compaction = DeviceCompaction([Sieve(N, THRESHOLD, K, Bounds.none(N))], pool, "cpu")
        compaction.take(batch_of(0, np.full((1, 3), 1 << 40)), 0, torch.full((3, N), 9.0))
        sieve = compaction._sieves[0]
        sieve.keep = None  # type: ignore[assignment,method-assign]
        with pytest.raises(TypeError):
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
