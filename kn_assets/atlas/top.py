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


def strongest(
    neurons: np.ndarray, values: np.ndarray, tokens: np.ndarray, n_neurons: int, k: int
) -> Top:
    """The k largest values of each neuron among `values`.

    neurons, tokens: integers [n] below 65,536; values: float32 [n].
    """
    keys = neurons.astype(np.uint64) << np.uint64(48)
    keys |= (~ordered(values)).astype(np.uint64) << np.uint64(16)
    keys |= tokens.astype(np.uint64)
    keys.sort()
    found = (keys >> np.uint64(48)).astype(np.int64)
    starts = np.searchsorted(found, np.arange(n_neurons))
    rank = np.arange(len(keys)) - starts[found]
    kept = rank < k
    top = Top.empty(n_neurons, k)
    place = (found[kept], rank[kept])
    top.tokens[place] = (keys[kept] & np.uint64(0xFFFF)).astype(np.int64)
    top.values[place] = unordered(~(keys[kept] >> np.uint64(16)).astype(np.uint32))
    return top


def at_least_kth(neurons: np.ndarray, values: np.ndarray, n_neurons: int, k: int) -> np.ndarray:
    """Each neuron's k-th largest value rounded down to 16 bits, float32 [neurons].

    A bound that the k largest reach, found by sorting half as many bits as `strongest` does; -inf
    where there are fewer than k values.
    """
    keys = neurons.astype(np.uint32) << np.uint32(16)
    keys |= ordered(values) >> np.uint32(16)
    keys.sort()
    starts = np.searchsorted(keys, np.arange(n_neurons, dtype=np.uint32) << np.uint32(16))
    ends = np.append(starts[1:], len(keys))
    some = ends - starts >= k
    bound = np.full(n_neurons, -np.inf, np.float32)
    bound[some] = unordered(keys[ends[some] - k] << np.uint32(16))
    return bound


def ordered(values: np.ndarray) -> np.ndarray:
    """float32 -> uint32 which sort alike (sign bit flipped, negative numbers inverted)."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))


def unordered(codes: np.ndarray) -> np.ndarray:
    """The inverse of `ordered`."""
    bits = np.where(codes >> 31, codes & np.uint32(0x7FFFFFFF), ~codes)
    return bits.astype(np.uint32).view(np.float32)
