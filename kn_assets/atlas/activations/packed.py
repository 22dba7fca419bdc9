"""Single activations as plain 64-bit integers: a place, a second place, and the value's bits.

Token and neuron are both below 65,536, so with a float32 they fill one integer. NumPy sorts plain
integers several times faster than it finds an order and gathers columns by it, and whichever place
comes first is what is sorted by.
"""

from __future__ import annotations

import numpy as np

MAX_TOKENS = 1 << 16  # of one shard
MAX_NEURONS = 1 << 16  # of one layer
MANTISSA = 13  # bits of a stored value, of 23
DROPPED = 23 - MANTISSA
_LOW = np.uint64(0xFFFFFFFF)
_SECOND = np.uint64(0xFFFF << 32)


def packed(first: np.ndarray, second: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Integers below 65,536 [n] twice and float32 [n] -> uint64 [n]."""
    keys = first.astype(np.uint64) << np.uint64(16)
    keys |= second.astype(np.uint64)
    keys <<= np.uint64(32)
    keys |= values.view(np.uint32)
    return keys


def rounded(values: np.ndarray, threshold: float) -> np.ndarray:
    """Values as they are stored: with `MANTISSA` bits of mantissa, float32 [n].

    That is within 2 ** -14 of a value's size and spares a quarter of the bytes; bfloat16 numbers
    stay as they are. What fired goes on having fired: a value that rounding would bring below the
    threshold is kept as it is.
    """
    bits = values.view(np.uint32)
    grid = np.uint32((1 << DROPPED) - 1)
    near = ((bits + (grid + np.uint32(1) >> np.uint32(1))) & ~grid).view(np.float32)
    return np.where(np.abs(near) >= np.float32(threshold), near, values)


def swapped(keys: np.ndarray) -> np.ndarray:
    """The same with the two places changed round, unsorted."""
    return (
        ((keys & _SECOND) << np.uint64(16))
        | ((keys >> np.uint64(48)) << np.uint64(32))
        | (keys & _LOW)
    )


def first(keys: np.ndarray) -> np.ndarray:
    """The first places, uint16 [n]."""
    return (keys >> np.uint64(48)).astype(np.uint16)


def second(keys: np.ndarray) -> np.ndarray:
    """The second places, uint16 [n]."""
    return (keys >> np.uint64(32)).astype(np.uint16)


def values(keys: np.ndarray) -> np.ndarray:
    """The values, float32 [n]."""
    return keys.astype(np.uint32).view(np.float32)


def edges(keys: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Where in sorted keys the rows of each of some first places begin, then the end of all.

    int64 [len(places) + 1].
    """
    starts = np.searchsorted(keys, places.astype(np.uint64) << np.uint64(48))
    return np.append(starts, len(keys))
