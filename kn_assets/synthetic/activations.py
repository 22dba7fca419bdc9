"""What is derived from the dense array: fired rows in both orders, peaks, statistics, tops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kn_assets.lake import Lake, Partition
from kn_assets.lake.parquet import TableFile
from kn_assets.lake.schema import TABLES
from kn_assets.synthetic.dense import FINGERPRINT, Array, Columns, Shape, dense_blocks, sinks
from kn_assets.synthetic.write import write


def thresholds(size: Shape) -> Array:
    """The |activation| of each layer over which `density` of the values lie, float32 [n_layers]."""
    found = np.zeros(size.n_layers, dtype=np.float32)
    counted = ~sinks(size)
    for layer, first, values in dense_blocks(size):
        if first == 0:
            sample = np.abs(values[:64][:, counted].ravel())
            found[layer] = np.nanquantile(sample, 1 - size.density).astype(np.float32)
    return found


def write_activations(lake: Lake, where: Partition, size: Shape, threshold: Array) -> None:
    peaks: list[Columns] = []
    neurons: list[Columns] = []
    top: list[Columns] = []
    counted = ~sinks(size)

    def fired() -> Iterator[Columns]:
        for layer, first, values in dense_blocks(size):
            over = np.abs(values) >= threshold[layer]
            peaks.append(_peaks(layer, first, values, over & counted))
            neurons.append(_statistics(layer, first, values, over, counted))
            top.append(_top(layer, first, values, counted, size.top))
            row, prompt, position = np.nonzero(over)
            yield {
                "layer": np.full(len(row), layer, dtype=np.int16),
                "neuron": (row + first).astype(np.int32),
                "prompt_id": prompt.astype(np.int32),
                "position": position.astype(np.int16),
                "activation": values[row, prompt, position],
            }

    write(lake, where, "activations_by_neuron", fired())
    write(lake, where, "neuron_peaks", peaks)
    write(lake, where, "neurons", neurons)
    write(lake, where, "neuron_top", top)
    with lake.replacing(where, "activations", FINGERPRINT) as folder:
        _resort(lake.table(where, "activations_by_neuron"), folder / "part-0.parquet")


def _resort(source: Path, target: Path) -> None:
    """Write the rows of `source`, which are in the order of neurons, in the order of prompts."""
    import duckdb

    with duckdb.connect() as connection, TableFile(target, "activations") as file:
        reader = connection.sql(
            f"SELECT {', '.join(TABLES['activations'].names)} FROM read_parquet(?, "
            "hive_partitioning = false) ORDER BY prompt_id, position, layer, neuron",
            params=[str(source / "*.parquet")],
        ).to_arrow_reader()
        for batch in reader:
            file.write(batch)


def _peaks(layer: int, first: int, values: Array, over: Array) -> Columns:
    """Each neuron's strongest position among those `over` in each prompt; ties to the earlier."""
    strength = np.where(over, np.abs(values), -1)
    position = strength.argmax(axis=2)
    row, prompt = np.nonzero(strength.max(axis=2) >= 0)
    position = position[row, prompt]
    return {
        "layer": np.full(len(row), layer),
        "neuron": row + first,
        "prompt_id": prompt,
        "position": position,
        "activation": values[row, prompt, position],
    }


def _statistics(layer: int, first: int, values: Array, over: Array, counted: Array) -> Columns:
    n = len(values)
    inside = counted & ~np.isnan(values[0])
    prompt, position = np.nonzero(inside)
    kept = values[:, inside]
    fired = over[:, inside].sum(axis=1)
    strongest = np.abs(kept).argmax(axis=1)
    return {
        "layer": np.full(n, layer),
        "neuron": np.arange(first, first + n),
        "n_fired": fired,
        "firing_rate": fired / kept.shape[1],
        "mean": kept.mean(axis=1, dtype=np.float64),
        "std": kept.std(axis=1, dtype=np.float64),
        "min": kept.min(axis=1),
        "max": kept.max(axis=1),
        "top_prompt_id": prompt[strongest],
        "top_position": position[strongest],
        "top_activation": kept[np.arange(n), strongest],
    }


def _top(layer: int, first: int, values: Array, counted: Array, k: int) -> Columns:
    """The k largest (+1) and the k smallest (-1) of each neuron; ties by prompt, then position."""
    inside = counted & ~np.isnan(values[0])
    prompt, position = np.nonzero(inside)
    kept = values[:, inside]
    k = min(k, kept.shape[1])
    parts = []
    for sign in (1, -1):
        order = -sign * kept
        edge = np.partition(order, k - 1, axis=1)[:, k - 1]
        row, at = np.nonzero(order <= edge[:, None])
        by = np.lexsort((at, order[row, at], row))
        row, at = row[by], at[by]
        rank = np.arange(len(row)) - np.searchsorted(row, row) + 1
        row, at, rank = row[rank <= k], at[rank <= k], rank[rank <= k]
        parts.append((row, np.full(len(row), sign), rank, at))
    row, sign_, rank, at = (np.concatenate(p) for p in zip(*parts, strict=True))
    by = np.lexsort((rank, -sign_, row))
    row, sign_, rank, at = row[by], sign_[by], rank[by], at[by]
    return {
        "layer": np.full(len(row), layer),
        "neuron": row + first,
        "sign": sign_,
        "rank": rank,
        "prompt_id": prompt[at],
        "position": position[at],
        "activation": kept[row, at],
    }
