"""What SQL finds in the tables, and what a figure shows of them."""

from __future__ import annotations

import struct
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from kn_assets import lake
from kn_assets.defs.plots import source
from kn_assets.defs.plots.picture import _PICTURES
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import ALL
from kn_assets.synthetic import FINGERPRINT

CORPUS, MODEL = lake.corpus("made"), lake.model("tiny")
STEPS_KEPT = (0, 1, 8, 64)


def where(table: str) -> Partition:
    if table == "fact_lens":
        return lake.model(f"{MODEL.key}@step{STEPS_KEPT[-1]}")
    return CORPUS if ALL[table].kind == "corpus" else MODEL


def ask(found: Lake, sql: str, *tables: str) -> np.ndarray:
    """The rows of a query over tables of the lake, float64 [rows, columns]."""
    with duckdb.connect() as connection:
        for table in tables:
            files = [str(f) for f in found.files(where(table), table)]
            connection.read_parquet(files, hive_partitioning=False).create_view(table)
        return np.array(connection.sql(sql).fetchall(), float)


def replace_column(found: Lake, table: str, column: str, values: list[Any]) -> None:
    old = found.read(where(table), table)
    at = old.schema.get_field_index(column)
    new = old.set_column(at, old.schema.field(at), pa.array(values, old[column].type))
    found.write(where(table), table, new, FINGERPRINT)


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def drawn(found: Lake, table: str) -> Any:
    """The figure of a table's picture."""
    figure = _PICTURES[table](source.Source(found, where(table), table))
    assert figure is not None
    return figure


def heights(axes: Any) -> list[float]:
    return [bar.get_height() for bar in axes.patches]
