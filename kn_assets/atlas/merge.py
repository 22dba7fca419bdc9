"""From shards to tables: link what is in its final order, merge what is sorted by neuron.

Memory doesn't grow with the corpus: neuron order is merged one block of neurons at a time, and
statistics and tops are added up shard by shard.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kn_assets.atlas.top import Top
from kn_assets.parquet import TableFile
from kn_assets.progress import Bar
from kn_assets.schema import TABLES

BLOCK_ROWS = 4_000_000  # rows sorted at once: about 200 MB


def link_parts(shards: list[Path], file: str, folder: Path) -> None:
    """Put each shard's `file` into `folder` as one part of a table, as a hard link if possible."""
    for i, shard in enumerate(shards):
        source, part = shard / file, folder / f"part-{i:05}.parquet"
        try:
            os.link(source, part)
        except OSError:  # a file system without hard links
            shutil.copyfile(source, part)


def merge_by_neuron(
    shards: list[Path], n_layers: int, n_neurons: int, folders: dict[str, Path], bar: Bar
) -> None:
    """Write `activations_by_neuron` and `neuron_peaks`, one file a layer.

    `folders` holds the folder of each of the two tables that is wanted.
    """
    for layer in range(n_layers):
        with ExitStack() as files:
            out = {
                table: files.enter_context(TableFile(folder / f"layer-{layer:03}.parquet", table))
                for table, folder in folders.items()
            }
            for rows in _blocks(shards, layer, n_neurons):
                for table, writer in out.items():
                    kept = peaks(rows) if table == "neuron_peaks" else rows
                    writer.write(kept)
        bar.advance()


def _blocks(shards: list[Path], layer: int, n_neurons: int) -> Iterator[pa.Table]:
    """One layer's rows in neuron order, in tables of about `BLOCK_ROWS`, cut between neurons."""
    schema = TABLES["activations_by_neuron"].schema
    counts = np.zeros(n_neurons, np.int64)
    edges = []  # per shard, where each neuron's rows start
    for shard in shards:
        neurons = _layer_rows(shard, layer).column("neuron").to_numpy()
        edges.append(np.searchsorted(neurons, np.arange(n_neurons + 1)))
        counts += np.diff(edges[-1])
    ends = np.cumsum(counts)
    first = 0
    while first < n_neurons:
        before = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + BLOCK_ROWS, "right")))
        pieces = [
            pa.Table.from_batches([_layer_rows(shard, layer)], schema).slice(
                edge[first], edge[last] - edge[first]
            )
            for shard, edge in zip(shards, edges, strict=True)
        ]
        rows = pa.concat_tables(pieces)
        # Shards hold ascending prompts, so a stable sort by neuron alone leaves them in order.
        order = np.argsort(rows.column("neuron").to_numpy().astype(np.uint16), kind="stable")
        yield pa.table([pa.array(c.to_numpy()[order]) for c in rows.columns], schema=schema)
        first = last


def _layer_rows(shard: Path, layer: int) -> pa.RecordBatch:
    with pa.ipc.open_file(shard / "by_neuron.arrow") as reader:
        return reader.get_batch(layer)


def peaks(rows: pa.Table) -> pa.Table:
    """`neuron_peaks` out of rows in neuron order: per neuron and prompt, the largest |activation|.

    Position 0 is left out; of equal values the earliest counts.
    """
    rows = rows.filter(pc.greater(rows.column("position"), 0))
    neuron, prompt = (rows.column(c).to_numpy() for c in ("neuron", "prompt_id"))
    size = np.abs(rows.column("activation").to_numpy())
    if len(size) == 0:
        return rows.select(TABLES["neuron_peaks"].names)
    new = np.concatenate([[True], (np.diff(neuron) != 0) | (np.diff(prompt) != 0)])
    starts = np.flatnonzero(new)
    group = np.cumsum(new) - 1
    at_peak = np.flatnonzero(size == np.maximum.reduceat(size, starts)[group])
    earliest = at_peak[np.concatenate([[True], np.diff(group[at_peak]) != 0])]
    return rows.select(TABLES["neuron_peaks"].names).take(pa.array(earliest))


@dataclass
class NeuronSums:
    """Statistics of all neurons past position 0, added up over shards.

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
            with np.load(shard / "neurons.npz") as found:
                one = cls(
                    int(found["count"][0]),
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
    prompts = found[f"{sign}_prompts"].astype(np.int64)
    tokens = np.where(prompts >= 0, (prompts << 16) + found[f"{sign}_positions"], -1)
    return [Top(v, t) for v, t in zip(found[f"{sign}_values"], tokens, strict=True)]
