"""The norms of many vectors, out of the bits that a model's buffer holds."""

from __future__ import annotations

from typing import Any

import numpy as np

from kn_assets.atlas.compiled import compiled


@compiled
def row_norms(rows: np.ndarray) -> Any:
    """The norm of each row, float32 [rows], of the bits of bfloat16 or float32 [rows, width]."""
    n, width = rows.shape
    found = np.empty(n, np.float32)
    bits = np.zeros(width, np.uint32)
    values = bits.view(np.float32)
    shift = np.uint32(16 if rows.itemsize == 2 else 0)
    for i in range(n):
        row = rows[i]
        for j in range(width):
            bits[j] = np.uint32(row[j]) << shift
        total = np.float32(0)
        for j in range(width):
            total += values[j] * values[j]
        found[i] = np.sqrt(total)
    return found
