"""Where dense activations become sparse: beside the model on a CPU, on the device elsewhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.atlas.activations.moments import DeviceMoments, Moments
from kn_assets.atlas.activations.sieve import Sieve, plain
from kn_assets.atlas.forward.batches import Batch

if TYPE_CHECKING:
    from torch import Tensor


class Compaction(ABC):
    """Takes the layers of batch after batch and fills one sieve and one sum a layer."""

    @abstractmethod
    def take(self, batch: Batch, layer: int, rows: Tensor) -> None:
        """Take [prompts * length, neurons] of a layer of the batch."""

    @abstractmethod
    def finish(self) -> list[Moments]:
        """Wait for what is under way; each layer's sums. Raises what went wrong in it."""


class HostCompaction(Compaction):
    """For models on the CPU: the model's own buffers are read as soon as they are filled.

    Batches of several streams may come at once.
    """

    def __init__(self, sieves: list[Sieve]) -> None:
        self._sieves = sieves

    def take(self, batch: Batch, layer: int, rows: Tensor) -> None:
        self._sieves[layer].add(plain(rows), batch)

    def finish(self) -> list[Moments]:
        return [sieve.moments for sieve in self._sieves]


class DeviceCompaction(Compaction):
    """For other devices, batch after batch: only what passes travels, while the device computes on.

    What a layer gave is copied into pinned memory on a stream of its own, and looked at by a worker
    thread when the layer comes again. On a CPU the same operations run one after another.
    """

    def __init__(self, sieves: list[Sieve], pool: Executor, device: str) -> None:
        import torch

        self._sieves, self._pool = sieves, pool
        self._device = torch.device(device)
        self._copies = torch.cuda.Stream(self._device) if self._device.type == "cuda" else None
        self._travelling: list[_Travelling | None] = [None] * len(sieves)
        self._running: list[Future[None] | None] = [None] * len(sieves)
        self._moments = [DeviceMoments(sieve.n_neurons, device) for sieve in sieves]
        self._batch: Batch | None = None

    def take(self, batch: Batch, layer: int, rows: Tensor) -> None:
        if batch is not self._batch:
            self._begin(batch)
        self._wait(layer)
        high, low = (self._there(bound) for bound in self._sieves[layer].limits)
        self._receive(layer)
        flat = ((rows >= high) | (rows <= low)).flatten().nonzero()[:, 0]
        values = rows.flatten()[flat].float()
        self._travelling[layer] = _Travelling(flat, values, batch, self._copies)
        self._moments[layer].add(rows, self._counted, self._count)

    def finish(self) -> list[Moments]:
        for layer in range(len(self._sieves)):
            self._receive(layer)
        for layer in range(len(self._sieves)):
            self._wait(layer)
        return [moments.to_host() for moments in self._moments]

    def _begin(self, batch: Batch) -> None:
        counted = batch.counted.astype(np.float32)[None]
        self._batch, self._count = batch, int(counted.sum())
        self._counted = self._there(counted)

    def _receive(self, layer: int) -> None:
        self._wait(layer)
        if (travelling := self._travelling[layer]) is not None:
            self._travelling[layer] = None
            self._running[layer] = self._pool.submit(travelling.unload, self._sieves[layer])

    def _wait(self, layer: int) -> None:
        if (work := self._running[layer]) is not None:
            work.result()

    def _there(self, array: np.ndarray) -> Tensor:
        import torch

        return torch.from_numpy(array).to(self._device, non_blocking=True)


class _Travelling:
    """Values of one layer and batch on their way to the processor."""

    def __init__(self, flat: Tensor, values: Tensor, batch: Batch, copies: Any) -> None:
        import torch

        self._batch = batch
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
        sieve.keep(self._flat.numpy(), self._values.numpy(), self._batch)


def _pinned(tensor: Tensor) -> Tensor:
    import torch

    here = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    return here.copy_(tensor, non_blocking=True)


def compaction(sieves: list[Sieve], pool: Executor, device: str) -> Compaction:
    """The kind that suits a device."""
    if device == "cpu":
        return HostCompaction(sieves)
    return DeviceCompaction(sieves, pool, device)
