"""Statistics and tops of neurons over a whole corpus, added up shard by shard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from kn_assets.atlas.activations.spill import Spill
from kn_assets.atlas.activations.top import Top
from kn_assets.lake.schema import TABLES


@dataclass
class NeuronSums:
    """Statistics of all neurons over all tokens but attention sinks, added up over shards.

    n_fired: int64, sums, squares: float64 [layers, neurons]; high, low: per layer, the tops (low
    with signs turned); their tokens are prompt_id * 2 ** 16 + position.
    """

    count: int
    n_fired: np.ndarray
    sums: np.ndarray
    squares: np.ndarray
    high: list[Top]
    low: list[Top]

    @classmethod
    def over(cls, shards: list[Path]) -> NeuronSums:
        """Read and add up the shards' `neurons.npz`, in the order of their prompts."""
        total: NeuronSums | None = None
        for shard in shards:
            found = Spill(shard).neurons()
            one = cls(
                int(found["count"]),
                found["n_fired"],
                found["sums"],
                found["squares"],
                *(_tops(found, sign) for sign in ("high", "low")),
            )
            total = one if total is None else total._plus(one)
        assert total is not None
        return total

    def _plus(self, later: NeuronSums) -> NeuronSums:
        return NeuronSums(
            self.count + later.count,
            self.n_fired + later.n_fired,
            self.sums + later.sums,
            self.squares + later.squares,
            [a.merged(b) for a, b in zip(self.high, later.high, strict=True)],
            [a.merged(b) for a, b in zip(self.low, later.low, strict=True)],
        )

    def neurons(self) -> pa.Table:
        """The `neurons` table."""
        n_layers, n_neurons = self.sums.shape
        count = max(self.count, 1)
        mean = self.sums / count
        variance = np.maximum(self.squares / count - mean**2, 0)
        high, low = (np.stack([t.values[:, 0] for t in tops]) for tops in (self.high, self.low))
        high_at, low_at = (
            np.stack([t.tokens[:, 0] for t in tops]) for tops in (self.high, self.low)
        )
        # The strongest token by size is the largest or the smallest value; the earlier one of
        # equals.
        turned = (low > high) | ((low == high) & (low_at < high_at))
        top, top_at = np.where(turned, -low, high), np.where(turned, low_at, high_at)
        seen = high_at >= 0
        columns = [
            np.repeat(np.arange(n_layers), n_neurons),
            np.tile(np.arange(n_neurons), n_layers),
            self.n_fired,
            self.n_fired / count,
            mean,
            np.sqrt(variance),
            -low,
            high,
            top_at >> 16,
            top_at & 0xFFFF,
            top,
        ]
        schema = TABLES["neurons"].schema
        return pa.table(
            [
                pa.array(np.ravel(c), f.type, mask=~seen.ravel() if i > 3 else None, safe=False)
                for i, (c, f) in enumerate(zip(columns, schema, strict=True))
            ],
            schema=schema,
        )

    def tops(self) -> pa.Table:
        """The `neuron_top` table."""
        tables = []
        for layer, both in enumerate(zip(self.high, self.low, strict=True)):
            neuron, sign, rank = np.nonzero(np.stack([t.tokens for t in both], axis=1) >= 0)
            tokens = np.stack([t.tokens for t in both], axis=1)[neuron, sign, rank]
            values = np.stack([t.values for t in both], axis=1)[neuron, sign, rank]
            signs = np.where(sign == 0, 1, -1)
            columns = [
                np.full(len(neuron), layer), neuron, signs, rank + 1, tokens >> 16, tokens & 0xFFFF,
                signs * values,
            ]  # fmt: skip
            schema = TABLES["neuron_top"].schema
            arrays = [
                pa.array(c).cast(f.type, safe=False) for c, f in zip(columns, schema, strict=True)
            ]
            tables.append(pa.table(arrays, schema=schema))
        return pa.concat_tables(tables)


def _tops(found: dict[str, np.ndarray], sign: str) -> list[Top]:
    return [
        Top(v, t) for v, t in zip(found[f"{sign}_values"], found[f"{sign}_tokens"], strict=True)
    ]
