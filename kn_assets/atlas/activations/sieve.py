"""What is kept of one layer's activations: fired neurons, strongest tokens, and sums.

A dense activation tensor is looked at once, straight out of the model's buffer. A value is kept if
it fired (|a| >= threshold) or may still enter its neuron's top k; nothing else is ever copied. The
bounds of the top k tighten as tokens go by, so that after a while little but fired neurons passes.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from kn_assets.atlas.activations.moments import Moments
from kn_assets.atlas.activations.packed import DROPPED, MAX_NEURONS
from kn_assets.atlas.activations.top import Top, strongest
from kn_assets.errors import KnError

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.atlas.activations.sifting import Found, Limits, Row
    from kn_assets.atlas.forward.batches import Batch

_of_thread = threading.local()
_TIGHTEN_AFTER = (1, 4, 20, 100, 500)  # batches; rarer as there is less to gain
_ROOM = 1 << 15  # values of each kind found before they are taken over


@dataclass
class Sparse:
    """Values out of a [tokens, neurons] array. tokens, neurons: int32 [n]; values: float32 [n]."""

    tokens: np.ndarray
    neurons: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.values)


@dataclass
class Bounds:
    """What a value must reach to enter its neuron's top k. high, low: float32 [neurons]."""

    high: np.ndarray
    low: np.ndarray

    @classmethod
    def none(cls, n_neurons: int) -> Bounds:
        return cls(np.full(n_neurons, -np.inf, np.float32), np.full(n_neurons, np.inf, np.float32))


@dataclass
class Sieve:
    """Keeps what matters of one layer, batch after batch, for up to 65,536 tokens.

    fired: of each batch the fired values, packed by token and neuron; moments: sums of what was
    added.
    """

    n_neurons: int
    threshold: float
    top_k: int
    bounds: Bounds
    fired: list[np.ndarray] = field(default_factory=list)
    moments: Moments = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _high: list[np.ndarray] = field(default_factory=list)
    _low: list[np.ndarray] = field(default_factory=list)
    _batches: int = 0

    def __post_init__(self) -> None:
        if self.n_neurons > MAX_NEURONS:
            raise KnError(f"layers of over {MAX_NEURONS:,} neurons aren't supported")
        self.moments = Moments.zero(self.n_neurons)

    @property
    def limits(self) -> tuple[np.ndarray, np.ndarray]:
        """A value must be at or over the first or at or under the second (float32 [neurons])."""
        threshold = np.float32(self.threshold)
        return np.minimum(self.bounds.high, threshold), np.maximum(self.bounds.low, -threshold)

    def add(self, rows: np.ndarray, batch: Batch) -> None:
        """Take a batch's `plain` activations [prompts * length, neurons], and add them to the sums.

        Batches may come in any order, and from several threads at once.
        """
        from kn_assets.atlas.activations.sifting import sift

        if rows.shape != (batch.index.size, self.n_neurons):
            raise ValueError(f"{rows.shape} activations for {batch.index.size} x {self.n_neurons}")
        bits = rows.view(f"u{rows.itemsize}")
        tokens, counted = batch.tokens, batch.counted
        row, found = _room(self.n_neurons)
        limits, sums, done = self._limits(), np.zeros((2, self.n_neurons)), 0
        taken = []
        while done < len(bits):
            done = sift(bits, done, tokens, counted, limits, row, sums, found)
            taken.append(found.taken())
        with self._lock:
            self.moments.add(batch.number, int(np.count_nonzero(counted)), sums)
            self._take(taken)

    def keep(self, places: np.ndarray, values: np.ndarray, batch: Batch) -> None:
        """Take what passed the limits in a batch that lies elsewhere.

        places: int64 [n] in the flattened rows; values: float32 [n].
        """
        from kn_assets.atlas.activations.sifting import Found, keep_all

        found = Found.of(len(places))
        keep_all(places, self.n_neurons, values, batch.tokens, batch.counted, self._limits(), found)
        self._take([found.taken()])

    def tops(self) -> tuple[Top, Top]:
        """The largest values of each neuron, and the smallest with their sign turned round."""
        self._tighten()
        high, low = (
            Top.of(kept[0], self.n_neurons, self.top_k) for kept in (self._high, self._low)
        )
        return high, low

    def _limits(self) -> Limits:
        from kn_assets.atlas.activations.sifting import Limits

        threshold = np.float32(self.threshold)
        return Limits(threshold, self.bounds.high, self.bounds.low, DROPPED)

    def _take(self, found: list[list[np.ndarray]]) -> None:
        for fired, high, low in found:
            self.fired.append(fired)
            self._high.append(high)
            self._low.append(low)
        self._batches += 1
        if self._batches in _TIGHTEN_AFTER:
            self._tighten()

    def _tighten(self) -> None:
        bounds = []
        for kept in (self._high, self._low):
            keys = np.concatenate([np.empty(0, np.uint64), *kept])
            kept[:] = [strongest(keys, self.n_neurons, self.top_k)]
            bounds.append(Top.of(kept[0], self.n_neurons, self.top_k).bound)
        self.bounds = Bounds(
            np.maximum(self.bounds.high, bounds[0]), np.minimum(self.bounds.low, -bounds[1])
        )


def plain(rows: Tensor) -> np.ndarray:
    """[tokens, neurons] on the CPU for NumPy: float32, or the bits of bfloat16 as int16; a view."""
    import torch

    rows = rows.contiguous()
    if rows.dtype == torch.bfloat16:
        return rows.view(torch.int16).numpy()
    return rows.float().numpy()


def passing(rows: Tensor, threshold: float) -> Sparse:
    """What fires in [tokens, neurons] of any float dtype on any device, row by row."""
    values = rows.float().cpu().numpy()
    tokens, neurons = np.nonzero(np.abs(values) >= np.float32(threshold))
    return Sparse(tokens.astype(np.int32), neurons.astype(np.int32), values[tokens, neurons])


def _room(n_neurons: int) -> tuple[Row, Found]:
    """Room for work on a layer: the thread's own, the same memory each time."""
    from kn_assets.atlas.activations.sifting import Found, Row

    held: tuple[Row, Found] | None = getattr(_of_thread, "room", None)
    if held is None or held[0].sums.shape[1] != n_neurons:
        held = _of_thread.room = Row.of(n_neurons), Found.of(_ROOM + n_neurons)
    return held
