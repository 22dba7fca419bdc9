"""A table's rows, a batch at a time, as NumPy columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

BATCH = 1 << 18  # rows: a column of them fits the processor's cache


class Rows:
    """Some rows that follow each other. `first` is the number of the first, from 0 in the table."""

    def __init__(self, batch: pa.RecordBatch, first: int) -> None:
        self._batch, self.first = batch, first
        self._values: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        return self._batch.num_rows

    def __getitem__(self, column: str) -> np.ndarray:
        """The column's values [rows], of its dtype; null is 0 among integers, NaN among floats."""
        if column not in self._values:
            array = self._batch.column(column)
            if array.null_count and not pa.types.is_floating(array.type):
                array = array.fill_null(0)
            self._values[column] = array.to_numpy(zero_copy_only=False)
        return self._values[column]

    def nulls(self, column: str) -> np.ndarray | None:
        """Where the column is null, bool [rows]; None where it nowhere is."""
        array = self._batch.column(column)
        if not array.null_count:
            return None
        return array.is_null().to_numpy(zero_copy_only=False)

    def without_nulls(self, columns: tuple[str, ...]) -> list[np.ndarray]:
        """Some columns, of the rows where none of them is null."""
        masks = [mask for column in columns if (mask := self.nulls(column)) is not None]
        if not masks:
            return [self[column] for column in columns]
        kept = ~np.logical_or.reduce(masks)
        return [self[column][kept] for column in columns]

    def shown(self, row: int, columns: tuple[str, ...]) -> str:
        """One row for a message: `row 7 (layer=1, neuron=5)`; `row` counts within the batch."""
        values = ", ".join(f"{c}={self._batch.column(c)[row].as_py()}" for c in columns)
        return f"row {self.first + row} ({values})"


def stream(files: list[Path], columns: list[str]) -> Iterator[Rows]:
    """The rows of some Parquet files, in order."""
    first = 0
    for path in files:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH, columns=columns):
                yield Rows(batch, first)
                first += batch.num_rows
