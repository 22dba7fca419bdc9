"""Where dense activations become sparse: beside the model on a CPU, on the device elsewhere.

Either way a layer's last batch must be through before its next one, so at most one batch of
activations is held, and the model doesn't wait for what is made of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.atlas.moments import Moments, MomentsThere
from kn_assets.atlas.sieve import Sieve, plain

if TYPE_CHECKING:
    from torch import Tensor


class Compaction(ABC):
    """Takes the layers of batch after batch and fills one sieve and one sum a layer."""

    def __init__(self, sieves: list[Sieve], pool: Executor) -> None:
        self.sieves, self._pool = sieves, pool
        self._running: list[Future[None] | None] = [None] * len(sieves)

    def batch(self, index: np.ndarray) -> None:
        """Say which batch comes, by its `index`."""
        self._index = index

    @abstractmethod
    def take(self, layer: int, rows: Tensor) -> None:
        """Take [prompts * length, neurons] of a layer of the batch, which is kept for a while."""

    @abstractmethod
    def moments(self) -> list[Moments]:
        """Each layer's sums, after `finish`."""

    def finish(self) -> None:
        """Wait for what is under way; raises what went wrong in it."""
        for layer in range(len(self.sieves)):
            self._wait(layer)

    def _wait(self, layer: int) -> None:
        if (work := self._running[layer]) is not None:
            work.result()

    def _start(self, layer: int, work: Callable[..., None], *given: Any) -> None:
        self._running[layer] = self._pool.submit(work, *given)


class BesideTheModel(Compaction):
    """For models on the CPU: worker threads read the model's own buffers while it goes on."""

    def __init__(self, sieves: list[Sieve], pool: Executor) -> None:
        super().__init__(sieves, pool)
        self._moments = [Moments.zero(sieve.n_neurons) for sieve in sieves]

    def take(self, layer: int, rows: Tensor) -> None:
        self._wait(layer)
        sieve, moments = self.sieves[layer], self._moments[layer]
        self._start(layer, sieve.add, plain(rows), self._index, moments)

    def moments(self) -> list[Moments]:
        return self._moments


class OnTheDevice(Compaction):
    """For other devices: only what passes travels, while the device computes on.

    What a layer gave is copied into pinned memory on a stream of its own and looked at when the
    layer comes again. On a CPU the same operations run one after another.
    """

    def __init__(self, sieves: list[Sieve], pool: Executor, device: str) -> None:
        import torch

        super().__init__(sieves, pool)
        self._device = torch.device(device)
        self._copies = torch.cuda.Stream(self._device) if self._device.type == "cuda" else None
        self._travelling: list[_Travelling | None] = [None] * len(sieves)
        self._moments = [MomentsThere(sieve.n_neurons, device) for sieve in sieves]

    def batch(self, index: np.ndarray) -> None:
        super().batch(index)
        counted = (index >= 0).astype(np.float32)
        counted[:, 0] = 0
        counted = counted.reshape(1, -1)
        self._counted_there = self._there(counted)
        self._count = int(counted.sum())

    def take(self, layer: int, rows: Tensor) -> None:
        self._wait(layer)
        high, low = (self._there(bound) for bound in self.sieves[layer].limits)
        self._receive(layer)
        flat = ((rows >= high) | (rows <= low)).flatten().nonzero()[:, 0]
        values = rows.flatten()[flat].float()
        self._travelling[layer] = _Travelling(flat, values, self._index, self._copies)
        self._moments[layer].add(rows, self._counted_there, self._count)

    def moments(self) -> list[Moments]:
        return [m.here() for m in self._moments]

    def finish(self) -> None:
        for layer in range(len(self.sieves)):
            self._receive(layer)
        super().finish()

    def _receive(self, layer: int) -> None:
        self._wait(layer)
        if (travelling := self._travelling[layer]) is not None:
            self._travelling[layer] = None
            self._start(layer, travelling.unload, self.sieves[layer])

    def _there(self, array: np.ndarray) -> Tensor:
        import torch

        return torch.from_numpy(array).to(self._device, non_blocking=True)


class _Travelling:
    """Values of one layer and batch on their way to the processor."""

    def __init__(self, flat: Tensor, values: Tensor, index: np.ndarray, copies: Any) -> None:
        import torch

        self._index = index
        self._arrived = None
        if copies is None:
            self._flat, self._values = flat.cpu(), values.cpu()
            return
        copies.wait_stream(torch.cuda.current_stream(flat.device))
        with torch.cuda.stream(copies):
            self._flat, self._values = (_pinned(flat), _pinned(values))
            flat.record_stream(copies)  # their memory isn't used again before they are copied
            values.record_stream(copies)
            self._arrived = torch.cuda.Event()
            self._arrived.record(copies)

    def unload(self, sieve: Sieve) -> None:
        """Wait until all is here and give it to the layer's sieve."""
        if self._arrived is not None:
            self._arrived.synchronize()
        sieve.keep(self._flat.numpy(), self._values.numpy(), self._index)


def _pinned(tensor: Tensor) -> Tensor:
    import torch

    here = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    return here.copy_(tensor, non_blocking=True)


def compaction(sieves: list[Sieve], pool: Executor, device: str) -> Compaction:
    """The kind that suits a device."""
    if device == "cpu":
        return BesideTheModel(sieves, pool)
    return OnTheDevice(sieves, pool, device)
