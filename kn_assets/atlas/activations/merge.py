"""From shards to tables: link what is in its final order, merge what is sorted by neuron.

Memory doesn't grow with the corpus: neuron order is merged one block of neurons at a time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa

from kn_assets.atlas.activations.spill import Spill
from kn_assets.lake.parquet import TableFile
from kn_assets.lake.schema import TABLES
from kn_assets.progress import Bar

BLOCK_ROWS = 1 << 18  # rows put in order at once by each worker: about 15 MB


def link_parts(shards: list[Path], name: str, folder: Path) -> None:
    """Put each shard's files of that name into `folder`, as hard links if possible.

    They become the parts of a table, numbered in the order of their prompts.
    """
    sources = [f for shard in shards for f in sorted(shard.glob(f"{name}*.parquet"))]
    for i, source in enumerate(sources):
        part = folder / f"part-{i:05}.parquet"
        try:
            os.link(source, part)
        except OSError:  # a file system without hard links
            shutil.copyfile(source, part)


def merge_by_neuron(
    shards: list[Path],
    n_layers: int,
    n_neurons: int,
    folders: dict[str, Path],
    bar: Bar,
    pool: Executor,
) -> None:
    """Write `activations_by_neuron` and `neuron_peaks`, one file a layer.

    `folders` holds the folder of each of the two tables that is wanted.
    """
    spills = [Spill(shard) for shard in shards]
    layers = [
        pool.submit(_merge_layer, spills, layer, n_neurons, folders) for layer in range(n_layers)
    ]
    for layer in layers:
        layer.result()
        bar.advance()


def _merge_layer(spills: list[Spill], layer: int, n_neurons: int, folders: dict[str, Path]) -> None:
    with ExitStack() as files:
        out = {
            table: files.enter_context(TableFile(folder / f"layer-{layer:03}.parquet", table))
            for table, folder in folders.items()
        }
        for rows, sinks in _blocks(spills, layer, n_neurons):
            for table, writer in out.items():
                writer.write(peaks(rows, sinks) if table == "neuron_peaks" else rows)


def _blocks(
    spills: list[Spill], layer: int, n_neurons: int
) -> Iterator[tuple[pa.Table, np.ndarray]]:
    """One layer's rows in neuron order, in tables of about `BLOCK_ROWS`, cut between neurons.

    With each, bool [rows], which rows are of attention sinks.
    """
    ends = np.cumsum(sum(np.diff(spill.edges(layer)) for spill in spills))
    first = 0
    while first < n_neurons:
        before = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + BLOCK_ROWS, "right")))
        yield _block(spills, layer, first, last)
        first = last


def _block(spills: list[Spill], layer: int, first: int, last: int) -> tuple[pa.Table, np.ndarray]:
    """The rows of the neurons first..last-1.

    Shards hold ascending prompts, each in neuron order, so the place of every row follows from
    counting: no sort.
    """
    edges = np.stack([spill.edges(layer)[first : last + 1] for spill in spills])
    counts = np.diff(edges, axis=1)  # [shards, neurons]
    ends = np.cumsum(counts.T.ravel()).reshape(counts.T.shape).T
    shift = (ends - np.cumsum(counts, axis=1)).astype(np.int32)
    n_rows = int(counts.sum())
    prompts, positions = np.empty(n_rows, np.int32), np.empty(n_rows, np.int16)
    values, sinks = np.empty(n_rows, np.float32), np.empty(n_rows, bool)
    for spill, edge, count, by in zip(spills, edges, counts, shift, strict=True):
        to = np.repeat(by, count)
        to += np.arange(len(to), dtype=np.int32)
        found = spill.rows(int(edge[0]), int(edge[-1]))
        prompts[to], positions[to], values[to], sinks[to] = found
    columns = [
        np.full(n_rows, layer, np.int16),
        np.repeat(np.arange(first, last, dtype=np.int32), counts.sum(0)),
        prompts,
        positions,
        values,
    ]
    return pa.table(columns, schema=TABLES["activations_by_neuron"].schema), sinks


def peaks(rows: pa.Table, sinks: np.ndarray) -> pa.Table:
    """`neuron_peaks` out of rows in neuron order: per neuron and prompt, the largest |activation|.

    sinks: bool [rows], which are of attention sinks: those are left out. Of equal values the
    earliest counts.
    """
    names = TABLES["neuron_peaks"].names
    neuron, prompt, position = (
        rows.column(c).to_numpy() for c in ("neuron", "prompt_id", "position")
    )
    if len(neuron) == 0:
        return rows.select(names)
    # One integer which is larger the larger |activation| is and then the earlier, and holds the
    # sign: so a group's largest one says everything.
    bits = rows.column("activation").to_numpy().view(np.uint32)
    keys = (bits & np.uint32(0x7FFFFFFF)).astype(np.uint64) << np.uint64(17)
    keys |= (np.uint16(0xFFFF) - position.view(np.uint16)).astype(np.uint64) << np.uint64(1)
    keys |= bits >> np.uint32(31)
    keys[sinks] = 0
    new = prompt[1:] != prompt[:-1]
    new |= neuron[1:] != neuron[:-1]
    starts = np.append(0, np.flatnonzero(new) + 1)
    best = np.maximum.reduceat(keys, starts)
    starts, best = starts[best > 0], best[best > 0]
    sign = (best & np.uint64(1)).astype(np.uint32) << np.uint32(31)
    found = {
        "layer": rows.column("layer").to_numpy().take(starts),
        "neuron": neuron.take(starts),
        "prompt_id": prompt.take(starts),
        "position": (np.uint16(0xFFFF) - (best >> np.uint64(1)).astype(np.uint16)).view(np.int16),
        "activation": ((best >> np.uint64(17)).astype(np.uint32) | sign).view(np.float32),
    }
    return pa.table([found[n] for n in names], schema=TABLES["neuron_peaks"].schema)
