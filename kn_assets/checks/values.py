"""Whether values are numbers, and those said to have fired over their thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kn_assets.checks.check import Check

if TYPE_CHECKING:
    from kn_assets.checks.rows import Rows
    from kn_assets.checks.run_facts import RunFacts
    from kn_assets.lake.schema import Table


def float_columns(table: Table) -> tuple[str, ...]:
    return tuple(c.name for c in table.columns if pa.types.is_floating(c.type))


class Finite(Check):
    """No NaN and no infinity among the float columns; null is neither."""

    name = "finite"

    def __init__(self, table: Table, facts: RunFacts) -> None:
        super().__init__(table, facts)
        self.columns = tuple(dict.fromkeys((*table.key, *float_columns(table))))

    def look(self, rows: Rows) -> None:
        for column in float_columns(self.table):
            wrong = ~np.isfinite(rows[column])
            if wrong.any() and (nulls := rows.nulls(column)) is not None:
                wrong &= ~nulls
            self.faults.note(f"{column} not finite", wrong, rows, (*self.table.key, column))


class OverThreshold(Check):
    """|activation| reaches the threshold of its layer, which is what `fired` means.

    Without `thresholds` there is nothing to compare with. NaN is left to `finite`.
    """

    name = "over_threshold"
    columns = ("layer", "activation")

    def __init__(self, table: Table, facts: RunFacts) -> None:
        super().__init__(table, facts)
        self._thresholds: np.ndarray | None = None
        if facts.thresholds:
            self._thresholds = np.zeros(max(facts.thresholds) + 1, np.float32)
            for layer, threshold in facts.thresholds.items():
                self._thresholds[layer] = threshold

    def look(self, rows: Rows) -> None:
        if self._thresholds is None:
            return
        least = self._thresholds.take(rows["layer"], mode="clip")
        under = np.abs(rows["activation"]) < least
        self.faults.note("under its layer's threshold", under, rows, self.columns)

    def not_compared(self) -> str:
        known = self._thresholds is not None
        return "" if known else "thresholds of the same run, which aren't there"
