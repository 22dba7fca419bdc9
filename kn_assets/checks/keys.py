"""Whether the key columns identify a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kn_assets.checks.check import Check

if TYPE_CHECKING:
    from kn_assets.checks.check import Outcome
    from kn_assets.checks.rows import Rows
    from kn_assets.checks.run_facts import RunFacts
    from kn_assets.lake.schema import Table


class KeysUnique(Check):
    """No two rows have the same key.

    A table with several key columns is written in the order of its key, which is its index (`sign`
    comes +1, then -1): so each key must be over the one before it, across batches and files, and
    nothing need be remembered but the last. A table with one key column has a row for each city,
    prompt or layer: its keys are kept and sorted. One without key columns has one row. Rows with a
    null in their key are left to `in_range`.
    """

    name = "keys_unique"

    def __init__(self, table: Table, facts: RunFacts) -> None:
        super().__init__(table, facts)
        self.columns = table.key or (table.names[0],)
        self._last: list[np.ndarray] = []
        self._keys: list[np.ndarray] = []

    def look(self, rows: Rows) -> None:
        if not self.table.key:
            return
        keys = rows.without_nulls(self.table.key)
        if len(keys) == 1:
            self._keys.append(keys[0])
        elif len(keys[0]):
            self._follow(keys)

    def _follow(self, keys: list[np.ndarray]) -> None:
        joined = keys
        if self._last:
            joined = [np.concatenate(pair) for pair in zip(self._last, keys, strict=True)]
        self._last = [k[-1:] for k in keys]
        over = np.zeros(len(joined[0]) - 1, bool)
        same = np.ones(len(over), bool)
        for column, key in zip(self.table.key, joined, strict=True):
            before, after = (key[1:], key[:-1]) if column == "sign" else (key[:-1], key[1:])
            over |= same & (after > before)
            same &= after == before
        for kind, wrong in (
            ("key of the row before it", same),
            ("key below that of the row before it", ~(over | same)),
        ):
            if n := int(np.count_nonzero(wrong)):
                at = int(wrong.argmax()) + 1
                self.faults.count(kind, n, self._told([k[at] for k in joined]))

    def _told(self, key: list[np.generic]) -> str:
        return ", ".join(f"{c}={v}" for c, v in zip(self.table.key, key, strict=True))

    def outcome(self) -> Outcome:
        if not self.table.key and self.n_rows != 1:
            self.faults.count("rows where there must be one", self.n_rows)
        if self._keys:
            found, counts = np.unique(np.concatenate(self._keys), return_counts=True)
            if n := int((counts - 1).sum()):
                self.faults.count("repeated keys", n, self._told([found[counts > 1][0]]))
        return super().outcome()
