"""The lens' terms of all the vocabulary, each read once by compiled code.

Terms are positive bfloat16 or float32 numbers, whose bits compare as they do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.atlas.compiled import compiled

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_BLOCK = 8
_WIDE = _BLOCK * _BLOCK


@dataclass(frozen=True)
class Seen:
    """What one reading of the terms gives.

    sums: float64 [tokens]; over: int64 [tokens], how many terms are over a bound; narrow, wide:
    bits [blocks, tokens] of the largest terms in whole blocks of 8 and of 64.
    """

    sums: Tensor
    over: Tensor
    narrow: np.ndarray
    wide: np.ndarray


def scanned(terms: Tensor, bound: Tensor) -> Seen:
    """Read terms [vocabulary, tokens] and count those over `bound` (float32 [tokens])."""
    import torch

    bits = _bits(terms)
    n_wide = len(bits) // _WIDE
    narrow, wide = (np.empty((n_wide * each, bits.shape[1]), bits.dtype) for each in (_BLOCK, 1))
    sums, over = _scan(bits, _bits(bound.to(terms.dtype)), narrow, wide)
    return Seen(torch.from_numpy(sums), torch.from_numpy(over), narrow, wide)


def candidates(terms: Tensor, seen: Seen, k: int) -> tuple[Tensor, Tensor]:
    """The k largest terms of each column: ids int64 and terms float32, [tokens, k].

    Largest first, of equal ones the lowest id. They are looked for in the k blocks of 64 whose
    largest term is largest, and there in the k such blocks of 8: nothing outside can be among them.
    """
    import torch

    ids, found = _candidates(_bits(terms), seen.narrow, seen.wide, min(k, len(terms)))
    return torch.from_numpy(ids), _numbers(found, terms.dtype).float()


def rescored(weight: Tensor, normed: Tensor, ids: Tensor) -> Tensor:
    """normed . weight[id], added up in float64, of some ids of each token: float32 [tokens, n].

    weight: [vocabulary, width]; normed: [tokens, width], of its dtype; ids: int64 [tokens, n].
    """
    import torch

    return torch.from_numpy(_rescored(_bits(weight), _bits(normed.contiguous()), ids.numpy()))


def hashed(weight: Tensor) -> np.ndarray:
    """A 64-bit hash of each row of a matrix, uint64 [rows]: the same for rows of equal numbers."""
    return _hashed(_bits(weight.detach().contiguous()))


def _bits(numbers: Tensor) -> np.ndarray:
    """The bits of bfloat16 or float32 numbers, uint16 or uint32."""
    import torch

    half = numbers.dtype == torch.bfloat16
    signed: np.ndarray = numbers.view(torch.int16 if half else torch.int32).numpy()
    return signed.view(np.uint16 if half else np.uint32)


def _numbers(bits: np.ndarray, dtype: torch.dtype) -> Tensor:
    """The inverse of `_bits`."""
    import torch

    return torch.from_numpy(bits.view(f"i{bits.itemsize}")).view(dtype)


@compiled
def _scan(terms: np.ndarray, own: np.ndarray, narrow: np.ndarray, wide: np.ndarray) -> Any:
    """Of all terms the sums, float64 [tokens], and how many are over `own`, int64 [tokens].

    terms: [vocabulary, tokens]; own: [tokens]; narrow, wide: [vocabulary // 64 * 8, tokens] and
    [vocabulary // 64, tokens], filled with the largest terms of each block of 8 and of 64. All of
    one unsigned type.
    """
    size, n = terms.shape
    sums, counts = np.zeros(n, np.float64), np.zeros(n, np.int64)
    partial, over = np.zeros(n, np.float32), np.zeros(n, np.uint32)
    bits = np.zeros(n, np.uint32)
    values = bits.view(np.float32)
    shift = np.uint32(16 if terms.itemsize == 2 else 0)
    narrow[:] = 0
    wide[:] = 0
    for first in range(0, size, _BLOCK):
        block = first // _BLOCK
        for v in range(first, min(first + _BLOCK, size)):
            row = terms[v]
            for t in range(n):
                bits[t] = np.uint32(row[t]) << shift
            for t in range(n):
                partial[t] += values[t]
                over[t] += row[t] > own[t]
            if block < len(narrow):
                most = narrow[block]
                for t in range(n):
                    most[t] = max(most[t], row[t])
        if block < len(narrow):
            most, largest = narrow[block], wide[block // _BLOCK]
            for t in range(n):
                largest[t] = max(largest[t], most[t])
        if block % _BLOCK == _BLOCK - 1 or first + _BLOCK >= size:
            for t in range(n):
                sums[t] += partial[t]
                counts[t] += over[t]
            partial[:] = 0
            over[:] = 0
    return sums, counts


@compiled
def _rescored(weight: np.ndarray, hidden: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """hidden[t] . weight[ids[t, i]], added up in float64: float32 [tokens, n].

    weight: [vocabulary, width]; hidden: [tokens, width]; ids: int64 [tokens, n].
    """
    width = weight.shape[1]
    found = np.empty(ids.shape, np.float32)
    shift = np.uint32(16 if weight.itemsize == 2 else 0)
    mine, theirs = np.zeros(width, np.uint32), np.zeros(width, np.uint32)
    state, vector = mine.view(np.float32), theirs.view(np.float32)
    for t in range(len(ids)):
        for j in range(width):
            mine[j] = np.uint32(hidden[t, j]) << shift
        for i in range(ids.shape[1]):
            row = weight[ids[t, i]]
            for j in range(width):
                theirs[j] = np.uint32(row[j]) << shift
            total = 0.0
            for j in range(width):
                total += np.float64(state[j]) * np.float64(vector[j])
            found[t, i] = total
    return found


@compiled
def _candidates(terms: np.ndarray, narrow: np.ndarray, wide: np.ndarray, k: int) -> Any:
    """The k largest of each column of `terms`, and their ids: int64 and unsigned, [tokens, k]."""
    n = terms.shape[1]
    ids, found = np.empty((n, k), np.int64), np.empty((n, k), terms.dtype)
    top = np.empty(k + 1, terms.dtype)
    wide_blocks, blocks, places = np.empty((3, k + 1), np.int64)
    for t in range(n):
        n_wide = n_blocks = filled = 0
        for block in range(len(wide)):
            n_wide = _enter(wide[block, t], block, top, wide_blocks, n_wide)
        for i in range(n_wide):
            for block in range(wide_blocks[i] * _BLOCK, (wide_blocks[i] + 1) * _BLOCK):
                n_blocks = _enter(narrow[block, t], block, top, blocks, n_blocks)
        for i in range(n_blocks):
            for place in range(blocks[i] * _BLOCK, (blocks[i] + 1) * _BLOCK):
                filled = _enter(terms[place, t], place, top, places, filled)
        for place in range(len(wide) * _WIDE, len(terms)):  # the last few rows fill no block
            filled = _enter(terms[place, t], place, top, places, filled)
        ids[t], found[t] = places[:k], top[:k]
    return ids, found


@compiled
def _enter(value: Any, place: int, top: np.ndarray, places: np.ndarray, filled: int) -> int:
    """Put a value where it belongs among the largest, largest first and of equal ones the lowest
    place; how many there are now.
    """
    k = len(top) - 1
    if filled == k and (value < top[k - 1] or (value == top[k - 1] and place > places[k - 1])):
        return filled
    i = filled
    while i > 0 and (top[i - 1] < value or (top[i - 1] == value and places[i - 1] > place)):
        top[i], places[i] = top[i - 1], places[i - 1]
        i -= 1
    top[i], places[i] = value, place
    return min(filled + 1, k)


@compiled
def _hashed(rows: np.ndarray) -> np.ndarray:
    """A hash of each row of bits, uint64 [rows], in which -0 is 0 (after xxHash64's constants)."""
    first, second = np.uint64(0x9E3779B185EBCA87), np.uint64(0xC2B2AE3D27D4EB4F)
    negative_zero = np.uint64(1) << np.uint64(8 * rows.itemsize - 1)
    found = np.zeros(len(rows), np.uint64)
    for i in range(len(rows)):
        row, key = rows[i], np.uint64(0)
        for j in range(len(row)):
            bits = np.uint64(row[j])
            if bits == negative_zero:
                bits = np.uint64(0)
            key = (key ^ (bits * second)) * first
            key ^= key >> np.uint64(29)
        found[i] = key
    return found
