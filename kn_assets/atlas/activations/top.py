"""Streaming top-k: each neuron's k strongest tokens out of any number of them, exactly.

A value, the neuron it belongs to and the token it was seen at fit one 64-bit key, so that one sort
of plain integers orders by neuron, then strength, then token. Ties go to the earlier token.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NONE = np.int64(-1)


@dataclass
class Top:
    """The strongest tokens of each neuron, strongest first.

    values: float32 [neurons, k], largest first; tokens: int64 [neurons, k], -1 where fewer than k
    were seen (the value there is -inf).
    """

    values: np.ndarray
    tokens: np.ndarray

    @classmethod
    def empty(cls, n_neurons: int, k: int) -> Top:
        return cls(
            np.full((n_neurons, k), -np.inf, np.float32), np.full((n_neurons, k), NONE, np.int64)
        )

    @classmethod
    def of(cls, keys: np.ndarray, n_neurons: int, k: int) -> Top:
        """What sorted keys hold (uint64 [n]), at most k of each neuron."""
        top = cls.empty(n_neurons, k)
        place = _ranks(keys, n_neurons)
        top.tokens[place] = (keys & np.uint64(0xFFFF)).astype(np.int64)
        top.values[place] = unordered(~(keys >> np.uint64(16)).astype(np.uint32))
        return top

    @property
    def bound(self) -> np.ndarray:
        """What a value must reach to enter, float32 [neurons]: -inf until k were seen."""
        return self.values[:, -1]

    def merged(self, later: Top) -> Top:
        """The top of both; at equal values this one's tokens come before `later`'s."""
        values = np.concatenate([self.values, later.values], axis=1)
        tokens = np.concatenate([self.tokens, later.tokens], axis=1)
        order = np.argsort(-values, axis=1, kind="stable")[:, : self.values.shape[1]]
        return Top(np.take_along_axis(values, order, 1), np.take_along_axis(tokens, order, 1))


def strongest(keys: np.ndarray, n_neurons: int, k: int) -> np.ndarray:
    """The first k keys of each neuron, in order: uint64 [at most k * neurons] out of uint64 [n].

    A key holds neuron, value and token, see `sifting.top_key`. Sorts `keys` in place.
    """
    keys.sort()
    return keys[_ranks(keys, n_neurons)[1] < k]


def _ranks(keys: np.ndarray, n_neurons: int) -> tuple[np.ndarray, np.ndarray]:
    """The neuron of each of some sorted keys, and its place among its neuron's: int64 [n] twice."""
    neurons = (keys >> np.uint64(48)).astype(np.int64)
    starts = np.searchsorted(neurons, np.arange(n_neurons))
    return neurons, np.arange(len(keys)) - starts[neurons]


def ordered(values: np.ndarray) -> np.ndarray:
    """float32 -> uint32 which sort alike (sign bit flipped, negative numbers inverted)."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))


def unordered(codes: np.ndarray) -> np.ndarray:
    """The inverse of `ordered`."""
    bits = np.where(codes >> 31, codes & np.uint32(0x7FFFFFFF), ~codes)
    return bits.astype(np.uint32).view(np.float32)
