"""What all checks have in common: rows in, an outcome out, faults counted on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:
    from kn_assets.checks.rows import Rows
    from kn_assets.checks.run_facts import RunFacts
    from kn_assets.lake.schema import Table


@dataclass(frozen=True)
class Outcome:
    """What a check found: `detail` is one line for a person, `metadata` the figures behind it."""

    name: str
    passed: bool
    detail: str
    metadata: dict[str, int | float] = field(default_factory=dict)


class Check:
    """A check in progress over one table. `columns` are those it reads."""

    name: ClassVar[str]
    columns: tuple[str, ...] = ()

    def __init__(self, table: Table, facts: RunFacts) -> None:
        self.table, self.facts = table, facts
        self.faults = Faults()
        self.n_rows = 0

    def add(self, rows: Rows) -> None:
        """Look at the rows that follow those seen so far."""
        self.n_rows += len(rows)
        self.look(rows)

    def look(self, rows: Rows) -> None:
        raise NotImplementedError

    def not_compared(self) -> str:
        """What this check would have compared the table with, had it been there; else empty."""
        return ""

    def outcome(self) -> Outcome:
        metadata: dict[str, int | float] = {"rows": self.n_rows, "faults": self.faults.total}
        missing = self.not_compared()
        said = self.faults.told() if self.faults.total else f"{self.n_rows:,} rows"
        detail = f"{said}; not compared with {missing}" if missing else said
        return Outcome(self.name, not self.faults.total, detail, metadata)


class Faults:
    """Faults by kind, with the first of each kind."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._first: dict[str, str] = {}

    @property
    def total(self) -> int:
        return sum(self._counts.values())

    def note(self, kind: str, wrong: np.ndarray, rows: Rows, columns: tuple[str, ...]) -> None:
        """Count where `wrong` (bool [rows]) is true as faults of a kind, told with some columns."""
        if n := int(np.count_nonzero(wrong)):
            self.count(kind, n, rows.shown(int(wrong.argmax()), columns))

    def count(self, kind: str, n: int, first: str = "") -> None:
        """Count `n` faults of a kind; `first` tells where the first of them is."""
        self._counts[kind] = self._counts.get(kind, 0) + n
        self._first.setdefault(kind, first)

    def told(self) -> str:
        return "; ".join(
            f"{kind}: {n:,}" + (f", the first {first}" if (first := self._first[kind]) else "")
            for kind, n in self._counts.items()
        )
