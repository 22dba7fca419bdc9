"""Arrays for the browser: JSON lists are slow there, base64 of little-endian bytes isn't."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def pack(values: Array, dtype: str) -> dict[str, str]:
    """`{"dtype", "data"}` which `kn.unpack` in static/core.js turns into a typed array.

    `dtype` is one of u1, u2, u4, i2, i4, f4. Raises ValueError where an integer doesn't fit.
    """
    packed = np.ascontiguousarray(values).astype(f"<{dtype}")
    if dtype[0] != "f" and not np.array_equal(packed, values):
        raise ValueError(f"values between {values.min()} and {values.max()} don't fit {dtype}")
    return {"dtype": dtype, "data": base64.b64encode(packed.tobytes()).decode("ascii")}


def pack_ids(values: Array) -> dict[str, str]:
    """Pack integers from 0 in as few bytes as hold the largest."""
    largest = int(values.max(initial=0))
    return pack(values, "u1" if largest < 1 << 8 else "u2" if largest < 1 << 16 else "u4")


def unpack(packed: dict[str, str]) -> Array:
    """The array again."""
    return np.frombuffer(base64.b64decode(packed["data"]), dtype=f"<{packed['dtype']}")
