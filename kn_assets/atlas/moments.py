"""Running sums of activations and of their squares: what mean and deviation are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor


class Moments:
    """Sums over tokens past position 0 of one layer, kept on the model's device.

    Within a batch they are float32 products with a row of ones and zeros, which is as fast as the
    memory is; over batches they are added up in float64.
    """

    def __init__(self, n_neurons: int, device: str = "cpu") -> None:
        import torch

        self.count = 0
        self._sums = torch.zeros(2, n_neurons, dtype=torch.float64, device=device)

    def add(self, rows: Tensor, counted: Tensor, count: int) -> None:
        """Add a batch.

        rows: [tokens, neurons] of any float dtype; counted: float32 [1, tokens], 1 for the `count`
        tokens that count and 0 for the others.
        """
        self.count += count
        dense = rows.float()
        self._sums[0] += (counted @ dense)[0]
        squares = dense * dense if dense is rows else dense.mul_(dense)
        self._sums[1] += (counted @ squares)[0]

    @property
    def sums(self) -> np.ndarray:
        """float64 [neurons]."""
        return self._sums[0].cpu().numpy()

    @property
    def squares(self) -> np.ndarray:
        """float64 [neurons]."""
        return self._sums[1].cpu().numpy()
