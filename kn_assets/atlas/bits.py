"""bfloat16 numbers as integers that sort alike: NumPy compares int16 several times faster than
torch compares bfloat16, and knows no bfloat16 of its own.
"""

from __future__ import annotations

import numpy as np


def codes(bits: np.ndarray) -> np.ndarray:
    """The bits of bfloat16 numbers (as int16) -> int16 which sort like the numbers.

    The codes of a and -a add up to -1, and -0.0 sorts right below 0.0.
    """
    return bits ^ ((bits >> 15) & np.int16(0x7FFF))


def numbers(bits: np.ndarray) -> np.ndarray:
    """The bits of bfloat16 numbers (as int16) -> the numbers, float32."""
    return (bits.view(np.uint16).astype(np.uint32) << np.uint32(16)).view(np.float32)


def numbers_into(out: np.ndarray, bits: np.ndarray) -> None:
    """As `numbers`, into float32 numbers `out` of the same shape."""
    wide = out.view(np.uint32)
    np.left_shift(bits.view(np.uint16), np.uint32(16), out=wide, dtype=np.uint32)


def code_at_most(bound: np.ndarray) -> np.ndarray:
    """The code of the largest bfloat16 that is <= bound (float32), int16."""
    bits = (np.asarray(bound, np.float32) + np.float32(0)).view(np.int32)
    wide = bits ^ ((bits >> 31) & np.int32(0x7FFFFFFF))
    # Below zero the code of a bfloat16 ends in ones, not zeros: only then does it fit exactly.
    below = ((wide.astype(np.int64) + 1) >> 16) - 1
    return np.where(wide < 0, below, wide >> 16).astype(np.int16)


def code_at_least(bound: np.ndarray) -> np.ndarray:
    """The code of the smallest bfloat16 that is >= bound (float32), int16."""
    return -code_at_most(-np.asarray(bound)) - np.int16(1)
