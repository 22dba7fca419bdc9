"""Running sums of activations and of their squares: what mean and deviation are made of.

Sums over a layer's tokens but attention sinks: in float32 within some rows of a batch, beyond in
float64. On the processor `sifting` takes them; for other devices there is a way here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor


@dataclass
class Moments:
    """count: tokens; totals: float64 [2, neurons], the sums of values and of squares."""

    count: int
    totals: np.ndarray
    _waiting: dict[int, tuple[int, np.ndarray]] = field(default_factory=dict)
    _next: int = 0

    @classmethod
    def zero(cls, n_neurons: int) -> Moments:
        return cls(0, np.zeros((2, n_neurons)))

    def add(self, batch: int, count: int, totals: np.ndarray) -> None:
        """Add a batch's, whenever it comes: in the batches' order, so that sums never differ."""
        self._waiting[batch] = count, totals
        while (found := self._waiting.pop(self._next, None)) is not None:
            self._next += 1
            self.count += found[0]
            self.totals += found[1]


class DeviceMoments:
    """The same on the model's device, fetched by `to_host`."""

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

    def to_host(self) -> Moments:
        return Moments(self._count, self._sums.cpu().numpy())
