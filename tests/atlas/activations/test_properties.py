"""Packing and the sieve against what NumPy says in a line, on arrays of hypothesis' choice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kn_assets.atlas.activations import packed
from kn_assets.atlas.activations.sieve import Bounds, Sieve, plain
from kn_assets.atlas.activations.top import Top, ordered, unordered
from kn_assets.atlas.forward.batches import Batch

PLACES = hnp.arrays(np.uint16, st.integers(0, 40))
FLOATS = st.floats(width=32, allow_nan=False)


@st.composite
def activations(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two places and a value of each of some activations: uint16, uint16, float32 [n]."""
    first = draw(PLACES)
    second = draw(hnp.arrays(np.uint16, first.shape))
    return first, second, draw(hnp.arrays(np.float32, first.shape, elements=FLOATS))


@given(activations())
def test_packed_activations_come_out_as_they_went_in(
    made: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    first, second, values = made
    keys = packed.packed(first, second, values)
    assert packed.first(keys).tolist() == first.tolist()
    assert packed.second(keys).tolist() == second.tolist()
    assert packed.values(keys).tobytes() == values.tobytes()
    assert (packed.swapped(keys) == packed.packed(second, first, values)).all()
    assert (packed.swapped(packed.swapped(keys)) == keys).all()


@given(activations(), PLACES)
def test_edges_part_sorted_keys_by_their_first_place(
    made: tuple[np.ndarray, np.ndarray, np.ndarray], places: np.ndarray
) -> None:
    first, *_ = made
    edges = packed.edges(np.sort(packed.packed(*made)), places)
    assert edges.tolist() == [int((first < place).sum()) for place in places] + [len(first)]


@given(
    hnp.arrays(np.float32, st.integers(0, 40), elements=FLOATS),
    st.floats(2.0**-100, 2.0**100, width=32),
)
def test_rounded_values_are_near_and_fire_as_before(values: np.ndarray, threshold: float) -> None:
    stored = packed.rounded(values, threshold)
    fired = np.abs(values) >= np.float32(threshold)
    assert ((np.abs(stored) >= np.float32(threshold)) == fired).all()
    normal = np.isfinite(stored) & (np.abs(values) >= np.finfo(np.float32).tiny)
    with np.errstate(invalid="ignore"):
        error = np.abs(stored.astype(float) - values)[normal]
    assert (error <= np.abs(values[normal].astype(float)) * 2.0**-14).all()


@given(hnp.arrays(np.float32, st.integers(0, 40), elements=FLOATS))
def test_codes_sort_as_their_numbers(values: np.ndarray) -> None:
    codes = ordered(values)
    assert unordered(codes).tobytes() == values.tobytes()
    assert (values[np.argsort(codes)] == np.sort(values)).all()


@dataclass
class Layer:
    """One layer's activations, and how a sieve is to see them.

    values: float32 [prompts, length, neurons], those of bfloat16 where `dtype` is that; lengths:
    tokens of each prompt, the rest is padding; batch: prompts of a batch.
    """

    values: np.ndarray
    lengths: list[int]
    dtype: torch.dtype
    threshold: float
    top_k: int
    batch: int

    @property
    def index(self) -> np.ndarray:
        """Each token's number, -1 for padding: int64 [prompts, length]."""
        prompts, length, _ = self.values.shape
        index = np.arange(prompts * length).reshape(prompts, length)
        return np.where(np.arange(length) < np.array(self.lengths)[:, None], index, -1)

    def batches(self) -> list[tuple[np.ndarray, Batch]]:
        starts = range(0, len(self.values), self.batch)
        parts = [(self.values[i : i + self.batch], self.index[i : i + self.batch]) for i in starts]
        return [
            (
                plain(torch.tensor(rows.reshape(-1, rows.shape[-1])).to(self.dtype)),
                Batch(
                    number, np.zeros_like(index), index, (np.indices(index.shape)[1] == 0).ravel()
                ),
            )
            for number, (rows, index) in enumerate(parts)
        ]


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    """Eighths of small size, so that ties are common and bfloat16 holds them."""
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 5), st.integers(1, 20)))
    eighths = draw(hnp.arrays(np.int8, shape, elements=st.integers(-24, 24)))
    lengths = st.lists(st.integers(1, shape[1]), min_size=shape[0], max_size=shape[0])
    return Layer(
        eighths.astype(np.float32) / 8,
        draw(lengths),
        draw(st.sampled_from([torch.float32, torch.bfloat16])),
        draw(st.integers(1, 25)) / 8,
        draw(st.integers(1, 4)),
        draw(st.integers(1, 6)),
    )


def sifted(layer: Layer) -> Sieve:
    n_neurons = layer.values.shape[-1]
    sieve = Sieve(n_neurons, layer.threshold, layer.top_k, Bounds.none(n_neurons))
    for rows, batch in layer.batches():
        sieve.add(rows, batch)
    return sieve


@given(layers())
def test_a_sieve_keeps_every_value_that_fires(layer: Layer) -> None:
    index = layer.index.ravel()
    values = layer.values.reshape(len(index), -1)
    tokens, neurons = np.nonzero((np.abs(values) >= layer.threshold) & (index >= 0)[:, None])
    fired = np.concatenate(sifted(layer).fired)
    assert packed.first(fired).tolist() == tokens.tolist()
    assert packed.second(fired).tolist() == neurons.tolist()
    assert (packed.values(fired) == values[tokens, neurons]).all()


@given(layers())
def test_a_sieve_keeps_the_strongest_tokens_past_the_first(layer: Layer) -> None:
    index = layer.index.ravel()
    values = layer.values.reshape(len(index), -1)
    counted = index[(index >= 0) & (np.arange(len(index)) % layer.values.shape[1] > 0)]
    for sign, top in zip((1, -1), sifted(layer).tops(), strict=True):
        assert top.values.shape == (values.shape[1], layer.top_k)
        check_top(top, sign * values[counted], counted)


def check_top(top: Top, values: np.ndarray, tokens: np.ndarray) -> None:
    """Ties go to the earlier token, and what is missing is -1. values: [tokens, neurons]."""
    k = top.values.shape[1]
    best = np.argsort(-values, axis=0, kind="stable")[:k].T
    missing = k - best.shape[1]
    wanted = np.pad(tokens[best], ((0, 0), (0, missing)), constant_values=-1)
    assert top.tokens.tolist() == wanted.tolist()
    kept = np.take_along_axis(values.T, best, 1)
    assert (top.values[:, : best.shape[1]] == kept).all()
    assert np.isneginf(top.values[:, best.shape[1] :]).all()


@given(layers())
def test_a_sieve_sums_values_and_squares_past_the_first(layer: Layer) -> None:
    real = layer.index >= 0
    real[:, 0] = False
    some = layer.values[real].astype(float)
    moments = sifted(layer).moments
    assert moments.count == len(some)
    assert np.allclose(moments.totals, [some.sum(0), (some**2).sum(0)])


@given(layers())
def test_values_picked_out_elsewhere_are_kept_alike(layer: Layer) -> None:
    n_neurons = layer.values.shape[-1]
    elsewhere = Sieve(n_neurons, layer.threshold, layer.top_k, Bounds.none(n_neurons))
    for start, (_, batch) in zip(
        range(0, len(layer.values), layer.batch), layer.batches(), strict=True
    ):
        values = layer.values[start : start + layer.batch].ravel()
        high, low = (np.tile(limit, len(values) // n_neurons) for limit in elsewhere.limits)
        places = np.flatnonzero((values >= high) | (values <= low))
        elsewhere.keep(places, values[places], batch)
    here = sifted(layer)
    assert np.array_equal(np.concatenate(elsewhere.fired), np.concatenate(here.fired))
    for kept in (0, 1):  # the largest, the smallest
        assert np.array_equal(elsewhere.tops()[kept].tokens, here.tops()[kept].tokens)
        assert np.array_equal(elsewhere.tops()[kept].values, here.tops()[kept].values)
