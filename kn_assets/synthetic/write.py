"""Columns of made-up numbers to the tables of the lake."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from kn_assets.atlas.activations.sinks import FACTOR
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import TABLES
from kn_assets.synthetic.dense import FINGERPRINT, Columns, Shape


def columns_of(rows: list[dict[str, Any]]) -> Columns:
    return {name: [row[name] for row in rows] for name in rows[0]}


def write(lake: Lake, where: Partition, name: str, chunks: Iterable[Columns]) -> None:
    schema = TABLES[name].schema

    def batches() -> Iterator[pa.RecordBatch]:
        for chunk in chunks:
            arrays = [
                a.cast(f.type) if isinstance(a := chunk[f.name], pa.Array) else _array(a, f.type)
                for f in schema
            ]
            yield pa.record_batch(arrays, schema=schema)

    lake.write(where, name, batches(), FINGERPRINT)


def _array(values: Any, type_: pa.DataType) -> pa.Array:
    if isinstance(values, np.ndarray) and values.dtype != object:
        return pa.array(values.astype(type_.to_pandas_dtype(), copy=False), type_)
    return pa.array(values, type_)


def atlas_row(corpus: str, size: Shape, dtype: str) -> dict[str, Any]:
    """The row of `atlases` that a made-up atlas has."""
    return {
        "corpus": corpus,
        "created_at": datetime(2026, 1, 2, tzinfo=UTC),
        "n_prompts": size.n_prompts,
        "n_layers": size.n_layers,
        "n_neurons": size.n_neurons,
        "versions": json.dumps({"numpy": np.__version__}),
        "settings": json.dumps({"n_tokens": size.n_tokens, "dtype": dtype}),
    }


def norms(n_layers: int) -> dict[str, Any]:
    """The columns of `thresholds` that say when a token is an attention sink."""
    median = 50 * 1.1 ** np.arange(n_layers)
    return {"median_norm": median, "sink_norm": FACTOR * median}
