"""What is kept of one layer's activations: fired neurons, running moments, strongest tokens.

A dense activation tensor is read three times, straight out of the model's buffers: once for sums,
once for squares, once to compare it with two bounds per neuron. A value passes if it fired (|a| >=
threshold) or if it may still enter its neuron's top k; nothing else is ever copied. The bounds of
the top k tighten as tokens go by, so that after a while little but fired neurons passes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from kn_assets.atlas.bits import code_at_least, code_at_most, codes
from kn_assets.atlas.top import MAX_NEURONS, Top, strongest
from kn_assets.errors import KnError

if TYPE_CHECKING:
    from torch import Tensor


_ROWS = 256
_TIGHTEN_AFTER = frozenset(4**i for i in range(16))  # batches; rarer as there is less to gain


@dataclass
class Sparse:
    """Values out of a [tokens, neurons] array. tokens, neurons: int32 [n]; values: float32 [n]."""

    tokens: np.ndarray
    neurons: np.ndarray
    values: np.ndarray

    def __getitem__(self, which: np.ndarray) -> Sparse:
        return Sparse(self.tokens[which], self.neurons[which], self.values[which])

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
class Moments:
    """Running sums over tokens past position 0. sums, squares: float64 [neurons]."""

    count: int
    sums: np.ndarray
    squares: np.ndarray

    @classmethod
    def zero(cls, n_neurons: int) -> Moments:
        return cls(0, np.zeros(n_neurons), np.zeros(n_neurons))

    def add(self, rows: Tensor) -> None:
        """Add [tokens, neurons] activations, of any float dtype."""
        self.count += len(rows)
        for some in rows.split(_ROWS):  # as many as stay in the processor's cache
            dense = some.float()
            self.sums += dense.sum(0).double().cpu().numpy()
            self.squares += (dense * dense).sum(0).double().cpu().numpy()


@dataclass
class Sieve:
    """Keeps what matters of one layer, batch after batch, for up to 65,536 tokens."""

    n_neurons: int
    threshold: float
    top_k: int
    bounds: Bounds
    moments: Moments = field(init=False)
    fired: list[Sparse] = field(default_factory=list)
    _high: list[Sparse] = field(default_factory=list)
    _low: list[Sparse] = field(default_factory=list)
    _batches: int = 0

    def __post_init__(self) -> None:
        if self.n_neurons > MAX_NEURONS:
            raise KnError(f"layers of over {MAX_NEURONS:,} neurons aren't supported")
        self.moments = Moments.zero(self.n_neurons)

    def add(self, activations: Tensor, index: np.ndarray) -> None:
        """Take a batch.

        activations: [prompts, length, neurons]; index: int64 [prompts, length], the number of each
        token below 65,536, -1 for padding.
        """
        activations = activations.reshape(*index.shape, self.n_neurons)
        self._take(activations[:, 0], index[:, 0], first=True)
        rest = activations[:, 1:].reshape(-1, self.n_neurons)
        tokens = index[:, 1:].reshape(-1)
        if (tokens < 0).any():
            real = np.flatnonzero(tokens >= 0)
            rest, tokens = rest[real], tokens[real]
        if len(tokens):
            self.moments.add(rest)
            self._take(rest, tokens, first=False)
        self._batches += 1
        if self._batches in _TIGHTEN_AFTER:
            self._tighten()

    def _take(self, rows: Tensor, tokens: np.ndarray, first: bool) -> None:
        if first:  # an attention sink: its values are kept, but never enter the top k
            bounds = Bounds.none(self.n_neurons)
            bounds.high[:] = np.inf
            bounds.low[:] = -np.inf
        else:
            bounds = self.bounds
        found = passing(
            rows,
            np.minimum(bounds.high, np.float32(self.threshold)),
            np.maximum(bounds.low, np.float32(-self.threshold)),
        )
        found.tokens = tokens[found.tokens].astype(np.int32)
        self.fired.append(found[np.abs(found.values) >= np.float32(self.threshold)])
        if not first:
            self._high.append(found[found.values >= bounds.high[found.neurons]])
            self._low.append(found[found.values <= bounds.low[found.neurons]])

    def tops(self) -> tuple[Top, Top]:
        """The largest values of each neuron, and the smallest with their sign turned round."""
        high, low = Sparse.joined(self._high), Sparse.joined(self._low)
        return (
            strongest(high.neurons, high.values, high.tokens, self.n_neurons, self.top_k),
            strongest(low.neurons, -low.values, low.tokens, self.n_neurons, self.top_k),
        )

    def _tighten(self) -> None:
        high, low = self.tops()
        self._high, self._low = [_kept(high, 1)], [_kept(low, -1)]
        self.bounds = Bounds(
            np.maximum(self.bounds.high, high.bound), np.minimum(self.bounds.low, -low.bound)
        )


def _kept(top: Top, sign: int) -> Sparse:
    neurons, ranks = np.nonzero(top.tokens >= 0)
    return Sparse(
        top.tokens[neurons, ranks].astype(np.int32),
        neurons.astype(np.int32),
        sign * top.values[neurons, ranks],
    )


def passing(rows: Tensor, high: np.ndarray, low: np.ndarray) -> Sparse:
    """The values at or over `high` or at or under `low` (float32 [neurons]).

    rows: [tokens, neurons], float32 or bfloat16. bfloat16 is compared as integers, which NumPy does
    several times faster than torch compares it as numbers. `Sparse.tokens` counts rows.
    """
    import torch

    n_neurons = rows.shape[1]
    rows = rows.contiguous()
    if rows.dtype == torch.bfloat16:
        bits = rows.view(torch.int16).cpu().numpy()
        sortable = codes(bits)
        passed = (sortable >= code_at_least(high)) | (sortable <= code_at_most(low))
    else:
        bits = rows.float().cpu().numpy()
        passed = (bits >= high) | (bits <= low)
    flat = np.flatnonzero(passed)
    tokens, neurons = np.divmod(flat.astype(np.int32), np.int32(n_neurons))
    values = bits.reshape(-1)[flat]
    if values.dtype == np.int16:
        values = (values.view(np.uint16).astype(np.uint32) << np.uint32(16)).view(np.float32)
    return Sparse(tokens, neurons, values)
