"""What is kept of one layer's activations: fired neurons and strongest tokens.

A dense activation tensor is compared, straight out of the model's buffer, with two bounds per
neuron. A value passes if it fired (|a| >= threshold) or if it may still enter its neuron's top k;
nothing else is ever copied. The bounds of the top k tighten as tokens go by, so that after a while
little but fired neurons passes.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from kn_assets.atlas.bits import code_at_least, code_at_most, codes, numbers
from kn_assets.atlas.packed import MAX_NEURONS, packed, rounded
from kn_assets.atlas.top import Top, at_least_kth, strongest
from kn_assets.errors import KnError

if TYPE_CHECKING:
    from torch import Tensor

_of_thread = threading.local()
_TIGHTEN_AFTER = (1, 4, 20, 100, 500)  # batches; rarer as there is less to gain
_DEAF = 16  # one neuron in so many may pass as a whole before signs are sorted out


@dataclass
class Sparse:
    """Values out of a [tokens, neurons] array. tokens, neurons: int32 [n]; values: float32 [n]."""

    tokens: np.ndarray
    neurons: np.ndarray
    values: np.ndarray

    def where(self, mask: np.ndarray) -> Sparse:
        """Those where `mask` (bool [n]) holds."""
        which = np.flatnonzero(mask)
        return Sparse(self.tokens.take(which), self.neurons.take(which), self.values.take(which))

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def joined(cls, parts: list[Sparse]) -> Sparse:
        return cls(
            np.concatenate([np.empty(0, np.int32), *(p.tokens for p in parts)]),
            np.concatenate([np.empty(0, np.int32), *(p.neurons for p in parts)]),
            np.concatenate([np.empty(0, np.float32), *(p.values for p in parts)]),
        )


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

    fired: of each batch the fired values, packed by token and neuron.
    """

    n_neurons: int
    threshold: float
    top_k: int
    bounds: Bounds
    fired: list[np.ndarray] = field(default_factory=list)
    _high: list[Sparse] = field(default_factory=list)
    _low: list[Sparse] = field(default_factory=list)
    _batches: int = 0

    def __post_init__(self) -> None:
        if self.n_neurons > MAX_NEURONS:
            raise KnError(f"layers of over {MAX_NEURONS:,} neurons aren't supported")

    @property
    def limits(self) -> tuple[np.ndarray, np.ndarray]:
        """A value must be at or over the first or at or under the second (float32 [neurons])."""
        threshold = np.float32(self.threshold)
        return np.minimum(self.bounds.high, threshold), np.maximum(self.bounds.low, -threshold)

    def add(self, rows: np.ndarray, index: np.ndarray) -> None:
        """Take a batch: its `plain` activations [prompts * length, neurons], and its `index`."""
        self.keep(compact(rows, *self.limits), index)

    def keep(self, found: Sparse, index: np.ndarray) -> None:
        """Take what passed the limits in a batch.

        found: its tokens count the places of `index`; index: int64 [prompts, length], the number of
        each token below 65,536, -1 for padding.
        """
        tokens = index.reshape(-1).astype(np.int32).take(found.tokens)
        later = found.tokens % np.int32(index.shape[1]) > 0  # an attention sink enters no top k
        found = Sparse(tokens, found.neurons, found.values)
        if (index < 0).any():
            real = tokens >= 0
            found, later = found.where(real), later[real]
        fired = found.where(np.abs(found.values) >= np.float32(self.threshold))
        stored = rounded(fired.values, self.threshold)
        self.fired.append(packed(fired.tokens, fired.neurons, stored))
        high = found.values >= self.bounds.high.take(found.neurons)
        low = found.values <= self.bounds.low.take(found.neurons)
        self._high.append(found.where(high & later))
        self._low.append(found.where(low & later))
        self._batches += 1
        if self._batches in _TIGHTEN_AFTER:
            self._tighten()

    def tops(self) -> tuple[Top, Top]:
        """The largest values of each neuron, and the smallest with their sign turned round."""
        high, low = Sparse.joined(self._high), Sparse.joined(self._low)
        return (
            strongest(high.neurons, high.values, high.tokens, self.n_neurons, self.top_k),
            strongest(low.neurons, -low.values, low.tokens, self.n_neurons, self.top_k),
        )

    def _tighten(self) -> None:
        high, low = Sparse.joined(self._high), Sparse.joined(self._low)
        over = at_least_kth(high.neurons, high.values, self.n_neurons, self.top_k)
        under = -at_least_kth(low.neurons, -low.values, self.n_neurons, self.top_k)
        self.bounds = Bounds(np.maximum(self.bounds.high, over), np.minimum(self.bounds.low, under))
        self._high = [high.where(high.values >= self.bounds.high.take(high.neurons))]
        self._low = [low.where(low.values <= self.bounds.low.take(low.neurons))]


def plain(rows: Tensor) -> np.ndarray:
    """[tokens, neurons] on the CPU for NumPy: float32, or the bits of bfloat16 as int16; a view."""
    import torch

    rows = rows.contiguous()
    if rows.dtype == torch.bfloat16:
        return rows.view(torch.int16).numpy()
    return rows.float().numpy()


def passing(rows: Tensor, high: np.ndarray, low: np.ndarray) -> Sparse:
    """The values at or over `high` or at or under `low` (float32 [neurons]), row by row.

    rows: [tokens, neurons], float32 or bfloat16, on any device. `Sparse.tokens` counts rows.
    """
    return compact(plain(rows.cpu()), high, low)


def compact(rows: np.ndarray, high: np.ndarray, low: np.ndarray) -> Sparse:
    """As `passing`, out of `plain` rows."""
    deaf = (high <= 0) | (low >= 0)
    passed, also = _masks(rows.shape)
    if rows.dtype != np.int16:
        np.greater_equal(rows, high, out=passed)
        np.less_equal(rows, low, out=also)
    elif np.count_nonzero(deaf) * _DEAF > len(deaf):
        sortable = codes(rows)
        np.greater_equal(sortable, code_at_least(high), out=passed)
        np.less_equal(sortable, code_at_most(low), out=also)
    else:
        # As signed integers only positive numbers reach a positive bound, as unsigned ones only
        # negative numbers a negative bound: no code is needed. Other neurons pass as they are.
        over = np.where(deaf, np.int16(0), code_at_least(high))
        under = np.where(deaf, np.int16(-1), code_at_most(low)) ^ np.int16(0x7FFF)
        np.greater_equal(rows, over, out=passed)
        np.greater_equal(rows.view(np.uint16), under.view(np.uint16), out=also)
    passed |= also
    flat = _true(passed)
    tokens, neurons = np.divmod(flat.astype(np.int32), np.int32(rows.shape[1]))
    values = rows.reshape(-1).take(flat)
    if values.dtype == np.int16:
        values = numbers(values)
    found = Sparse(tokens, neurons, values)
    if rows.dtype == np.int16 and deaf.any():
        found = found.where((values >= high.take(neurons)) | (values <= low.take(neurons)))
    return found


def _masks(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Two masks of a shape, of any values: the thread's own, the same memory each time."""
    size = math.prod(shape)
    held = getattr(_of_thread, "masks", None)
    if held is None or held.shape[1] < size:
        held = _of_thread.masks = np.empty((2, size), bool)
    return held[0, :size].reshape(shape), held[1, :size].reshape(shape)


def _true(mask: np.ndarray) -> np.ndarray:
    """Where a mask (bool, mostly False) holds: its places flattened, int64, ascending.

    Eight places at a time: NumPy finds many in few far faster than few in many.
    """
    flat = mask.reshape(-1)
    whole = len(flat) - len(flat) % 8
    words = flat[:whole].view(np.uint64)
    some = np.flatnonzero(words != 0)
    place = np.flatnonzero(words.take(some).view(bool))
    found = (some.take(place >> 3) << 3) + (place & 7)
    return np.concatenate([found, whole + np.flatnonzero(flat[whole:])])
