"""The inner loop of extraction: one look at each activation for all that is kept of it.

A row is one token's activations in one layer. While it lies in the processor's nearest cache it is
added to the sums, compared with its neurons' limits, and the few values that pass are packed. Both
ends of a comparison are float32 numbers; bfloat16 becomes float32 by a shift.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from kn_assets.atlas.compiled import compiled

_ROWS_SUMMED = 240  # in float32, before they are added to the sums in float64
_WORD = 8  # flags looked at together
_SIGN, _SIZE = np.uint32(1 << 31), np.uint32((1 << 31) - 1)


class Limits(NamedTuple):
    """What is looked for, and how it is stored.

    threshold: float32; high, low: float32 [neurons], the bounds of tops; dropped: bits at the end
    of a value that aren't stored.
    """

    threshold: Any
    high: np.ndarray
    low: np.ndarray
    dropped: int


class Found(NamedTuple):
    """What was found: three stretches of uint64, and how much of each is filled (int64 [3]).

    fired: packed by token and neuron; high, low: keys of `top` for largest and smallest values.
    """

    fired: np.ndarray
    high: np.ndarray
    low: np.ndarray
    ends: np.ndarray

    @classmethod
    def of(cls, room: int) -> Found:
        """With room for so many of each."""
        fired, high, low = (np.empty(room, np.uint64) for _ in range(3))
        return cls(fired, high, low, np.zeros(3, np.int64))

    def taken(self) -> list[np.ndarray]:
        """Copies of what is filled, which is free again afterwards."""
        copies = [a[:end].copy() for a, end in zip(self[:3], self.ends, strict=True)]
        self.ends[:] = 0
        return copies


class Row(NamedTuple):
    """Room for one row of any number of neurons, rounded up to words.

    bits, values: the same memory as uint32 and float32; flags, words: the same as uint8 and uint64;
    marked, places: int32, words and places with a flag set; sums: float32 [2, neurons].
    """

    bits: np.ndarray
    values: np.ndarray
    flags: np.ndarray
    words: np.ndarray
    marked: np.ndarray
    places: np.ndarray
    sums: np.ndarray

    @classmethod
    def of(cls, n_neurons: int) -> Row:
        room = -(-n_neurons // _WORD) * _WORD
        bits, flags = np.zeros(room, np.uint32), np.zeros(room, np.uint8)
        # One more than there can be: what passes no test is written too, and written over.
        marked, places = np.zeros(room + 1, np.int32), np.zeros(room + 1, np.int32)
        sums = np.zeros((2, n_neurons), np.float32)
        words = flags.view(np.uint64)
        return cls(bits, bits.view(np.float32), flags, words, marked, places, sums)


@compiled
def sift(
    rows: np.ndarray,
    first: int,
    tokens: np.ndarray,
    counted: np.ndarray,
    limits: Limits,
    row: Row,
    sums: np.ndarray,
    found: Found,
) -> int:
    """Look at rows from `first` on until `found` is full; returns the row to go on with.

    rows: uint16 [tokens, neurons] as the bits of bfloat16, or uint32 as those of float32; tokens:
    int32 [tokens], each row's number, -1 for padding; counted: bool [tokens], which rows enter sums
    and tops; sums: float64 [2, neurons], of values and squares, added to.
    """
    n = rows.shape[1]
    shift = np.uint32(16 if rows.itemsize == 2 else 0)
    over = np.minimum(limits.high, limits.threshold)
    under = np.maximum(limits.low, -limits.threshold)
    row.sums[:] = 0
    summed = 0
    i = first
    while i < rows.shape[0] and found.ends.max() + n <= len(found.fired):
        if tokens[i] >= 0:
            some = rows[i]
            for j in range(n):
                row.bits[j] = np.uint32(some[j]) << shift
            if counted[i]:
                for j in range(n):
                    row.sums[0, j] += row.values[j]
                    row.sums[1, j] += row.values[j] * row.values[j]
                summed += 1
                if summed % _ROWS_SUMMED == 0:
                    _add(row.sums, sums)
            for j in range(n):
                row.flags[j] = np.uint8(row.values[j] >= over[j]) | np.uint8(
                    row.values[j] <= under[j]
                )
            for place in range(_flagged(row)):
                j = row.places[place]
                keep(tokens[i], counted[i], j, row.bits[j], row.values[j], limits, found)
        i += 1
    _add(row.sums, sums)
    return i


@compiled
def keep_all(
    places: np.ndarray,
    n_neurons: int,
    values: np.ndarray,
    tokens: np.ndarray,
    counted: np.ndarray,
    limits: Limits,
    found: Found,
) -> None:
    """As `sift` for values that were picked out elsewhere, with room for all; no sums.

    places: int64 [n], into the flattened rows; values: float32 [n].
    """
    bits = values.view(np.uint32)
    for i in range(len(places)):
        at, neuron = divmod(places[i], n_neurons)
        if tokens[at] >= 0:
            keep(tokens[at], counted[at], neuron, bits[i], values[i], limits, found)


@compiled
def keep(
    token: int, counted: bool, neuron: int, bits: Any, value: Any, limits: Limits, found: Found
) -> None:
    """Pack one value wherever it belongs."""
    first, second = np.uint64(token), np.uint64(neuron)
    if abs(value) >= limits.threshold:
        near = np.uint32((bits + (1 << limits.dropped >> 1)) >> limits.dropped << limits.dropped)
        # Sizes of float32 compare like their bits. Rounding must not make a value not have fired.
        stored = bits
        if (near & _SIZE) >= np.float32(limits.threshold).view(np.uint32):
            stored = near
        key = (first << np.uint64(48)) | (second << np.uint64(32)) | np.uint64(stored)
        found.fired[found.ends[0]] = key
        found.ends[0] += 1
    if not counted:
        return
    if value >= limits.high[neuron]:
        found.high[found.ends[1]] = top_key(second, bits, first)
        found.ends[1] += 1
    if value <= limits.low[neuron]:
        found.low[found.ends[2]] = top_key(second, bits ^ _SIGN, first)
        found.ends[2] += 1


@compiled
def top_key(neuron: Any, bits: Any, token: Any) -> Any:
    """A key that sorts by neuron, then value (the largest first), then token: uint64."""
    fallen = bits if bits & _SIGN else bits ^ _SIZE
    return (neuron << np.uint64(48)) | (np.uint64(fallen) << np.uint64(16)) | token


@compiled
def _add(partial: np.ndarray, sums: np.ndarray) -> None:
    for j in range(sums.shape[1]):
        sums[0, j] += partial[0, j]
        sums[1, j] += partial[1, j]
    partial[:] = 0


@compiled
def _flagged(row: Row) -> int:
    """Put the places whose flag is set in `row.places`, ascending; returns their number.

    Few are set, so most words are 0. Nothing here branches: a wrong guess costs more than it saves.
    """
    marked = 0
    for word in range(row.words.size):
        row.marked[marked] = word
        marked += row.words[word] != 0
    n = 0
    for i in range(marked):
        first = row.marked[i] * _WORD
        for place in range(first, first + _WORD):
            row.places[n] = place
            n += row.flags[place]
    return n
