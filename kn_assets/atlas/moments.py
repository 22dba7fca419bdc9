"""Running sums of activations and of their squares: what mean and deviation are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor


class Scratch:
    """Memory that one batch after another is worked on in: new memory costs more than the work."""

    def __init__(self) -> None:
        self._held: Tensor | None = None

    def like(self, rows: Tensor) -> Tensor:
        """A float32 tensor of the shape of `rows` [tokens, neurons], on its device, of any values.

        It is the same memory each time.
        """
        import torch

        if self._held is None or self._held.numel() < rows.numel():
            self._held = torch.empty(rows.numel(), dtype=torch.float32, device=rows.device)
        return self._held[: rows.numel()].view(rows.shape)


class Moments:
    """Sums over tokens past position 0 of one layer, kept on the model's device.

    Within a batch they are float32 products with a row of ones and zeros, which is as fast as the
    memory is; over batches they are added up in float64.
    """

    def __init__(self, n_neurons: int, device: str = "cpu", scratch: Scratch | None = None) -> None:
        import torch

        self.count = 0
        self._scratch = scratch or Scratch()
        self._sums = torch.zeros(2, n_neurons, dtype=torch.float64, device=device)

    def add(self, rows: Tensor, counted: Tensor, count: int) -> None:
        """Add a batch.

        rows: [tokens, neurons] of any float dtype; counted: float32 [1, tokens], 1 for the `count`
        tokens that count and 0 for the others.
        """
        self.count += count
        import torch

        own = self._scratch.like(rows)
        dense = rows if rows.dtype == torch.float32 else own.copy_(rows)
        self._sums[0] += (counted @ dense)[0]
        self._sums[1] += (counted @ torch.mul(dense, dense, out=own))[0]

    @property
    def sums(self) -> np.ndarray:
        """float64 [neurons]."""
        return self._sums[0].cpu().numpy()

    @property
    def squares(self) -> np.ndarray:
        """float64 [neurons]."""
        return self._sums[1].cpu().numpy()
