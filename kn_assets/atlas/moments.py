"""Running sums of activations and of their squares: what mean and deviation are made of.

Sums over tokens past position 0 of one layer: in float32 within some rows of a batch, beyond in
float64. There is a way for worker threads on the processor, which torch's own threads would crowd,
and one for other devices.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kn_assets.atlas.bits import numbers_into

if TYPE_CHECKING:
    from torch import Tensor

_ROWS = 240  # worked on at once: what fits a processor's cache
_of_thread = threading.local()


@dataclass
class Moments:
    """count: tokens; sums, squares: float64 [neurons]."""

    count: int
    sums: np.ndarray
    squares: np.ndarray

    @classmethod
    def zero(cls, n_neurons: int) -> Moments:
        return cls(0, np.zeros(n_neurons), np.zeros(n_neurons))

    def add(self, rows: np.ndarray, counted: np.ndarray) -> None:
        """Add a batch: `plain` activations [tokens, neurons] where `counted` (bool [tokens])."""
        self.count += int(np.count_nonzero(counted))
        scratch = _scratch(rows.shape[1])
        for first in range(0, len(rows), _ROWS):
            some = rows[first : first + _ROWS]
            dense = scratch[: len(some)]
            if some.dtype == np.int16:
                numbers_into(dense, some)
            else:
                np.copyto(dense, some)
            dense[~counted[first : first + _ROWS]] = 0
            self.sums += np.add.reduce(dense, axis=0)
            np.multiply(dense, dense, out=dense)
            self.squares += np.add.reduce(dense, axis=0)


class MomentsThere:
    """The same on the model's device, fetched by `here`."""

    def __init__(self, n_neurons: int, device: str) -> None:
        import torch

        self._count = 0
        self._sums = torch.zeros(2, n_neurons, dtype=torch.float64, device=device)

    def add(self, rows: Tensor, counted: Tensor, count: int) -> None:
        """Add a batch.

        rows: [tokens, neurons] of any float dtype; counted: float32 [1, tokens], 1 for the `count`
        tokens that count and 0 for the others.
        """
        self._count += count
        dense = rows.float()
        self._sums[0] += (counted @ dense)[0]
        self._sums[1] += (counted @ (dense * dense))[0]

    def here(self) -> Moments:
        sums, squares = self._sums.cpu().numpy()
        return Moments(self._count, sums, squares)


def _scratch(n_neurons: int) -> np.ndarray:
    """float32 [rows, neurons] of any values: the thread's own, the same memory each time."""
    held = getattr(_of_thread, "scratch", None)
    if held is None or held.shape[1] != n_neurons:
        held = _of_thread.scratch = np.empty((_ROWS, n_neurons), np.float32)
    return held
