"""How tables are laid out in Parquet: zstd, encodings, and row groups of the table's own size.

The sort order of a table is its index: a look-up decodes the row groups that its key falls in and
prunes the others by their statistics. So the size of the groups matters, and it must not depend on
the pieces in which rows happen to arrive.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import pyarrow as pa

from kn_assets.lake.schema import ALL

if TYPE_CHECKING:
    import pyarrow.parquet as pq

# Dictionaries suit most tables. Those with a row for every activation are smaller, written over
# twice as fast and looked up as fast with what ascends within a key kept as differences, numbers of
# many kinds byte by byte, and columns that stay alike for long as they are; in the newer kind of
# pages, and with least and largest values only of what row groups are found by.
_ALIKE, _ASCENDING, _BYTES = "PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"
_BY_NEURON = {
    "layer": _ALIKE,
    "neuron": _ALIKE,
    "prompt_id": _ASCENDING,
    "position": _BYTES,
    "activation": _BYTES,
}
_ENCODINGS = {
    "activations": {
        "prompt_id": _ALIKE,
        "position": _ALIKE,
        "layer": _ASCENDING,
        "neuron": _BYTES,
        "activation": _BYTES,
    },
    "activations_by_neuron": _BY_NEURON,
    "neuron_peaks": _BY_NEURON,
}
_FOUND_BY = {
    "activations": ["prompt_id"],
    "activations_by_neuron": ["layer", "neuron"],
    "neuron_peaks": ["layer", "neuron"],
}
# A page of numbers byte by byte holds the lowest byte of each, then the next of each, and so on.
# zstd codes 128 KiB at a time by how often a byte comes: in smaller pages bytes of all four kinds
# would share a code, which takes a tenth more room; larger ones take longer to look into.
_PAGE_ROWS = 1 << 16


def parquet_writer(path: Path, name: str) -> pq.ParquetWriter:
    """A writer for a file of table `name` in the layout that all tables share."""
    import pyarrow.parquet as pq  # here, since a process that only asks does without

    chosen = _ENCODINGS.get(name)
    return pq.ParquetWriter(
        path,
        ALL[name].schema,
        compression="zstd",
        compression_level=1,
        version="2.6",
        data_page_version="1.0" if chosen is None else "2.0",
        use_dictionary=chosen is None,
        column_encoding=chosen,
        write_statistics=_FOUND_BY.get(name, True),
        max_rows_per_page=None if chosen is None else _PAGE_ROWS,
    )


class TableFile:
    """A file of table `name`, open for rows in its order, in pieces of any size."""

    def __init__(self, path: Path, name: str) -> None:
        self._writer = parquet_writer(path, name)
        self._schema, self._size = ALL[name].schema, ALL[name].row_group
        self._held: list[pa.Table] = []
        self._waiting = 0
        self.rows = 0

    def write(self, rows: pa.Table | pa.RecordBatch) -> None:
        """Add rows; their columns are cast to the table's types."""
        table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
        self._held.append(table.cast(self._schema))
        self._waiting += len(table)
        self.rows += len(table)
        if self._waiting >= self._size:
            held = pa.concat_tables(self._held)
            whole = self._waiting - self._waiting % self._size
            self._writer.write_table(held.slice(0, whole), row_group_size=self._size)
            self._held, self._waiting = [held.slice(whole)], self._waiting - whole

    def __enter__(self) -> TableFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None and self._waiting:
                self._writer.write_table(pa.concat_tables(self._held), row_group_size=self._size)
        finally:
            self._writer.close()
