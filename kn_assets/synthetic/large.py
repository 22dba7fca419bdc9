"""Made-up atlases of hundreds of millions of rows: what fired is drawn, with no dense array behind.

Files are those of a real run: a part for each shard of prompts, a file for each layer. What fires
in a shard's layer is drawn from a seed of its own, once for each of the two orders, so that nothing
large is held. Neurons differ in their rates; of their statistics `n_fired`, `firing_rate` and the
strongest token are true. There are no `neuron_top` and no tables about facts.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kn_assets import lake as lakes
from kn_assets.atlas.activations.merge import peaks
from kn_assets.lake import Lake, Partition
from kn_assets.lake.parquet import TableFile
from kn_assets.lake.schema import TABLES
from kn_assets.synthetic.context import attention, lens, neuron_vocabulary
from kn_assets.synthetic.corpus import write_corpus
from kn_assets.synthetic.dense import FINGERPRINT, Columns, Shape, neuron_columns, token_ids
from kn_assets.synthetic.descriptions import descriptions
from kn_assets.synthetic.fired import SHARD, Fired
from kn_assets.synthetic.text import vocabulary
from kn_assets.synthetic.write import atlas_row, columns_of, norms, write

_THREADS = 2
_ATTENTION_GRID = 1 << 16  # on which a run keeps attention


def make_large_lake(root: str | Path, model: str, corpus: str = "made", **shape: Any) -> Lake:
    """Write a corpus and a large atlas of it under `root`; `shape` are fields of `Shape`.

    All prompts have `n_tokens` tokens. Raises ValueError where a shard would have too many.
    """
    size = Shape(**shape)
    if SHARD * size.n_tokens > 1 << 16 or size.n_neurons > 1 << 16:
        raise ValueError(f"a shard holds {SHARD} prompts and at most 65,536 tokens")
    lake = Lake(root)
    lake.make(lake.root)
    where = lakes.model(model)
    write_corpus(lake, lakes.corpus(corpus), size)
    _write_small(lake, where, size)
    fired = Fired(size)
    _by_prompt(lake, where, fired)
    _by_neuron(lake, where, fired)
    block = Shape(**{**shape, "n_prompts": SHARD})
    _repeat(lake, where, "logit_lens", lens(block), size)
    _repeat(lake, where, "attention", map(_on_grid, attention(block)), size)
    write(lake, where, "atlases", [columns_of([atlas_row(corpus, size, "bfloat16")])])
    return lake


def _write_small(lake: Lake, where: Partition, size: Shape) -> None:
    rng = np.random.default_rng([size.seed, 5])
    words = np.array(vocabulary(size.n_vocabulary), dtype=object)
    prompt, position = (i.ravel() for i in np.indices((size.n_prompts, size.n_tokens)))
    ids = token_ids(size).ravel()
    tokens = {
        "prompt_id": prompt,
        "position": position,
        "token_id": ids,
        "token": words[ids],
        "sink": position == 0,
    }
    write(lake, where, "tokens", [tokens])
    write(lake, where, "neuron_vocabulary", neuron_vocabulary(size))
    write(lake, where, "neuron_descriptions", [descriptions(size)])
    layer, neuron = neuron_columns(size)
    for table, key in (
        ("neuron_map", {"layer": layer, "neuron": neuron}),
        ("prompt_map", {"prompt_id": np.arange(size.n_prompts)}),
    ):
        n = len(next(iter(key.values())))
        x, y = rng.standard_normal((2, n)) * 20
        place = {"x": x, "y": y, "cluster": rng.integers(-1, 12, n)}
        write(lake, where, table, [{**key, **place}])


def _table(name: str, columns: Columns) -> pa.Table:
    schema = TABLES[name].schema
    arrays = [
        pa.array(columns[f.name].astype(f.type.to_pandas_dtype(), copy=False)) for f in schema
    ]
    return pa.table(arrays, schema=schema)


def _by_prompt(lake: Lake, where: Partition, fired: Fired) -> None:
    """`activations`, a part for each shard."""

    def part(shard: int) -> None:
        drawn = [fired.draw(shard, layer) for layer in range(fired.size.n_layers)]
        layers = np.repeat(
            np.arange(len(drawn), dtype=np.int16), [len(neuron) for neuron, *_ in drawn]
        )
        neuron, token, activation = (np.concatenate(c) for c in zip(*drawn, strict=True))
        order = np.argsort(token, kind="stable")  # keeps layer and neuron in order
        rows = {"layer": layers, "neuron": neuron, "activation": activation, "token": token}
        rows = {name: column[order] for name, column in rows.items()}
        with TableFile(folder / f"part-{shard:05}.parquet", "activations") as file:
            file.write(_table("activations", {**rows, **fired.columns(shard, rows["token"])}))

    with (
        lake.replacing(where, "activations", FINGERPRINT) as folder,
        ThreadPoolExecutor(_THREADS) as pool,
    ):
        list(pool.map(part, range(len(fired.shards))))


def _by_neuron(lake: Lake, where: Partition, fired: Fired) -> None:
    """The tables in the order of neurons, a file for each layer."""
    names = ("activations_by_neuron", "neuron_peaks")

    def one(layer: int) -> pa.Table:
        drawn = [fired.draw(shard, layer) for shard in range(len(fired.shards))]
        where_ = [fired.columns(shard, token) for shard, (_, token, _) in enumerate(drawn)]
        neuron = np.concatenate([d[0] for d in drawn])
        order = np.argsort(neuron, kind="stable")  # keeps prompts in order
        rows = {
            "layer": np.full(len(order), layer, np.int16),
            "neuron": neuron[order],
            "activation": np.concatenate([d[2] for d in drawn])[order],
            **{c: np.concatenate([w[c] for w in where_])[order] for c in where_[0]},
        }
        table = _table("activations_by_neuron", rows)
        strongest = peaks(table, table["position"].to_numpy() == 0)
        for folder, name, part in zip(folders, names, (table, strongest), strict=True):
            with TableFile(folder / f"layer-{layer:03}.parquet", name) as file:
                file.write(part)
        return _statistics(layer, fired.size, table, strongest)

    with (
        lake.replacing(where, names[0], FINGERPRINT) as first,
        lake.replacing(where, names[1], FINGERPRINT) as second,
        ThreadPoolExecutor(_THREADS) as pool,
    ):
        folders = (first, second)
        statistics = list(pool.map(one, range(fired.size.n_layers)))
    lake.write(where, "neurons", statistics, FINGERPRINT)
    thresholds = {
        "layer": np.arange(fired.size.n_layers),
        "threshold": fired.threshold,
        "target_density": np.full(fired.size.n_layers, fired.size.density),
        **norms(fired.size.n_layers),
    }
    write(lake, where, "thresholds", [thresholds])


def _statistics(layer: int, size: Shape, rows: pa.Table, strongest: pa.Table) -> pa.Table:
    past_first = rows["position"].to_numpy() > 0
    n_fired = np.bincount(rows["neuron"].to_numpy()[past_first], minlength=size.n_neurons)
    peak = strongest["activation"].to_numpy()
    by = np.lexsort((-np.abs(peak), strongest["neuron"].to_numpy()))
    neuron, first = np.unique(strongest["neuron"].to_numpy()[by], return_index=True)
    top = {
        f"top_{short}": np.zeros(size.n_neurons, strongest[name].type.to_pandas_dtype())
        for short, name in (
            ("prompt_id", "prompt_id"),
            ("position", "position"),
            ("activation", "activation"),
        )
    }
    for name, column in top.items():
        column[neuron] = strongest[name.removeprefix("top_")].to_numpy()[by][first]
    each = np.ones(size.n_neurons)
    columns = {
        "layer": each * layer,
        "neuron": np.arange(size.n_neurons),
        "n_fired": n_fired,
        "firing_rate": n_fired / (size.n_prompts * (size.n_tokens - 1)),
        "mean": each * 0,
        "std": each,
        "min": -np.abs(top["top_activation"]),
        "max": np.abs(top["top_activation"]),
        **top,
    }
    return _table("neurons", columns)


def _on_grid(columns: Columns) -> Columns:
    grid = np.float32(_ATTENTION_GRID)
    return {**columns, "weight": np.rint(columns["weight"] * grid) / grid}


def _repeat(
    lake: Lake, where: Partition, name: str, columns: Iterator[Columns], size: Shape
) -> None:
    """Write a table whose every shard holds the values of the first, its own prompts apart."""
    scratch = lakes.Partition("model", f"{where.key}.block")
    write(lake, scratch, name, columns)
    block = lake.read(scratch, name)
    lake.remove(scratch, name)
    lake.folder(scratch).rmdir()
    place = block.schema.get_field_index("prompt_id")
    prompts = block["prompt_id"].to_numpy()

    def part(shard: int) -> None:
        first = shard * SHARD
        kept = block.slice(0, int(np.searchsorted(prompts, size.n_prompts - first)))
        ids = pa.array(prompts[: len(kept)] + np.int32(first))
        with TableFile(folder / f"part-{shard:05}.parquet", name) as file:
            file.write(kept.set_column(place, kept.schema.field(place), ids))

    with (
        lake.replacing(where, name, FINGERPRINT) as folder,
        ThreadPoolExecutor(_THREADS) as pool,
    ):
        list(pool.map(part, range(-(-size.n_prompts // SHARD))))
