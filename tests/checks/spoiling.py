"""Ways to spoil a table of the made-up lake, and which checks then fail."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from kn_assets import checks, lake
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import TABLES
from kn_assets.synthetic import FINGERPRINT

Change = Callable[[pa.Table], pa.Table]

CORPUS, MODEL = lake.corpus("made"), lake.model("tiny")
N_LAYERS, N_NEURONS, N_PROMPTS = 3, 40, 12  # make_lake's defaults
SHORT = 3  # a prompt of 7 tokens, where most have 10
TOP_K = 5


def where(table: str) -> Partition:
    return CORPUS if TABLES[table].kind == "corpus" else MODEL


def change(found: Lake, table: str, how: Change, fingerprint: str = FINGERPRINT) -> None:
    changed = how(found.read(where(table), table))
    found.write(where(table), table, changed.combine_chunks(), fingerprint)


def failed(found: Lake, table: str) -> list[str]:
    return [o.name for o in checks.run(found, where(table), table) if not o.passed]


def with_value(column: str, value: object, row: int = -1) -> Change:
    """Put a value in one row of a column."""

    def how(table: pa.Table) -> pa.Table:
        values = table[column].to_pylist()
        values[row] = value
        at = table.schema.get_field_index(column)
        return table.set_column(at, table.schema.field(at), pa.array(values, table[column].type))

    return how


def times(column: str, factor: float, row: int) -> Change:
    def how(table: pa.Table) -> pa.Table:
        return with_value(column, factor * table[column][row].as_py(), row)(table)

    return how


def repeated(row: int) -> Change:
    """Let a row follow itself."""
    return lambda t: pa.concat_tables([t.slice(0, row + 1), t.slice(row)])


def appended(**values: object) -> Change:
    """Add the last row once more, with some values changed."""

    def how(table: pa.Table) -> pa.Table:
        last = table.slice(len(table) - 1)
        for column, value in values.items():
            last = with_value(column, value)(last)
        return pa.concat_tables([table, last])

    return how


def without(**values: int) -> Change:
    """Drop the rows which have all of some values."""

    def how(table: pa.Table) -> pa.Table:
        gone = np.logical_and.reduce([table[c].to_numpy() == v for c, v in values.items()])
        assert gone.any()
        return table.filter(pa.array(~gone))

    return how


def swapped(row: int) -> Change:
    """Exchange a row with the next."""

    def how(table: pa.Table) -> pa.Table:
        order = np.arange(len(table))
        order[[row, row + 1]] = [row + 1, row]
        return table.take(pa.array(order))

    return how


def row_of(table: pa.Table, **values: int) -> int:
    """The first row that has all of some values."""
    there = np.logical_and.reduce([table[c].to_numpy() == v for c, v in values.items()])
    return int(np.flatnonzero(there)[0])


def at(column: str, value: object, **values: int) -> Change:
    """Put a value in the first row that has some values."""
    return lambda t: with_value(column, value, row_of(t, **values))(t)


def last_of_prompt(column: str, value: int, prompt: int) -> Change:
    def how(table: pa.Table) -> pa.Table:
        row = int(np.flatnonzero(table["prompt_id"].to_numpy() == prompt)[-1])
        return with_value(column, value, row)(table)

    return how


def shared_out(t: pa.Table) -> pa.Table:
    """Give five tokens of the first rows a probability of 0.3 each."""
    for row in range(5):
        t = with_value("probability", 0.3, row)(t)
    return t
