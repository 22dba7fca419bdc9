"""Reading what a picture shows, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path

    from kn_assets.lake import Lake, Partition

MOST_ROWS = 4_000_000  # held at once by a sample
_BATCH = 1 << 18


@dataclass(frozen=True)
class Source:
    """The table a picture is of, in its lake."""

    lake: Lake
    partition: Partition
    table: str

    @cached_property
    def files(self) -> list[Path]:
        return self.lake.files(self.partition, self.table)

    @cached_property
    def n_rows(self) -> int:
        return sum(pq.read_metadata(f).num_rows for f in self.files)

    def read(self, *columns: str) -> list[np.ndarray]:
        """Whole columns as NumPy arrays; null is NaN or None."""
        return _arrays(self.lake.read(self.partition, self.table, list(columns)), columns)

    def batches(self, *columns: str) -> Iterator[list[np.ndarray]]:
        """The columns, a batch of rows at a time."""
        for path in self.files:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=_BATCH, columns=list(columns)):
                    yield _arrays(batch, columns)

    def steps(self, *columns: str) -> Iterator[tuple[int, list[np.ndarray]]]:
        """Each step with its rows' columns, one held at a time: such tables are ordered by step."""
        held: list[list[np.ndarray]] = []
        now = -1
        for step, *found in self.batches("step", *columns):
            cuts = [0, *(np.flatnonzero(np.diff(step)) + 1).tolist(), len(step)]
            for start, end in pairwise(cuts):
                if held and step[start] != now:
                    yield now, [np.concatenate(c) for c in zip(*held, strict=True)]
                    held = []
                now = int(step[start])
                held.append([c[start:end] for c in found])
        if held:
            yield now, [np.concatenate(c) for c in zip(*held, strict=True)]

    def sample(self, *columns: str) -> tuple[list[np.ndarray], float]:
        """The columns in row groups spread evenly over the table, and the share of rows they are.

        At most `MOST_ROWS` rows, but at least one row group, which a lake's writers keep to a
        million rows.
        """
        groups = []
        for path in self.files:
            meta = pq.read_metadata(path)
            groups += [(path, g, meta.row_group(g).num_rows) for g in range(meta.num_row_groups)]
        chosen = groups
        for step in range(1, len(groups) + 1):
            chosen = groups[::step]
            if sum(n for _, _, n in chosen) <= MOST_ROWS:
                break
        tables = []
        for path in dict.fromkeys(path for path, _, _ in chosen):
            with pq.ParquetFile(path) as file:
                mine = [g for p, g, _ in chosen if p == path]
                tables.append(file.read_row_groups(mine, columns=list(columns)))
        read = pa.concat_tables(tables)
        return _arrays(read, columns), read.num_rows / self.n_rows


def _arrays(rows: pa.Table | pa.RecordBatch, columns: tuple[str, ...]) -> list[np.ndarray]:
    found = [rows.column(c) for c in columns]
    return [
        a.to_numpy() if isinstance(a, pa.ChunkedArray) else a.to_numpy(zero_copy_only=False)
        for a in found
    ]
