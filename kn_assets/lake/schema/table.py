"""What a table of the lake is: its columns, its key, and what partitions it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

Kind = Literal["corpus", "model"]


@dataclass(frozen=True)
class Column:
    """One column: name, Arrow type, and what the value means (with its unit where it has one)."""

    name: str
    type: pa.DataType
    meaning: str


@dataclass(frozen=True)
class Table:
    """One table of the lake.

    `key` names the columns which, with the partition, identify a row; `kind` is the partition.
    `row_group` is the number of rows that are read together: a look-up costs as much as decoding
    one of them, and pruning the others a few microseconds each.
    """

    name: str
    kind: Kind
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    row_group: int = 1 << 18

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the files, without the partition column."""
        return pa.schema([pa.field(c.name, c.type) for c in self.columns])

    @property
    def names(self) -> list[str]:
        return [c.name for c in self.columns]
