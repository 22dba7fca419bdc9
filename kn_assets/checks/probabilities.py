"""Whether what should be probabilities are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kn_assets.checks.check import Check

if TYPE_CHECKING:
    from kn_assets.checks.check import Outcome
    from kn_assets.checks.rows import Rows
    from kn_assets.checks.run_facts import RunFacts
    from kn_assets.lake.schema import Table

_OVER_ONE = 1e-3  # exp(score - logsumexp) in float32, scores of either side of a hundred
_OFF_ONE = 1e-2  # attention is kept to 2 ** -17: a thousand sources round off by less


class _Grouped(Check):
    """Rows whose `by` columns are equal stand together: looked at group by group, each whole."""

    by: tuple[str, ...]
    value: str

    def __init__(self, table: Table, facts: RunFacts) -> None:
        super().__init__(table, facts)
        self._held: dict[str, np.ndarray] = {}

    def look(self, rows: Rows) -> None:
        columns = (*self.by, self.value)
        found = dict(zip(columns, rows.without_nulls(columns), strict=True))
        if self._held:
            found = {c: np.concatenate([self._held[c], v]) for c, v in found.items()}
        if not len(found[self.value]):
            return
        new = np.zeros(len(found[self.value]) - 1, bool)
        for column in self.by:
            new |= found[column][1:] != found[column][:-1]
        starts = np.concatenate([[0], np.flatnonzero(new) + 1])
        # The last group may go on in the next batch.
        self._held = {c: v[starts[-1] :] for c, v in found.items()}
        if len(starts) > 1:
            whole = {c: v[: starts[-1]] for c, v in found.items()}
            self.judge(whole, starts[:-1])

    def judge(self, columns: dict[str, np.ndarray], starts: np.ndarray) -> None:
        """Look at whole groups, which start at `starts`."""
        raise NotImplementedError

    def outcome(self) -> Outcome:
        if self._held:
            self.judge(self._held, np.zeros(1, np.intp))
            self._held = {}
        return super().outcome()

    def note(self, kind: str, wrong: np.ndarray, columns: dict[str, np.ndarray]) -> None:
        """Count faults; wrong: bool, as long as the columns."""
        if n := int(np.count_nonzero(wrong)):
            at = int(wrong.argmax())
            shown = ", ".join(f"{c}={v[at]}" for c, v in columns.items())
            self.faults.count(kind, n, shown)

    def note_groups(
        self, kind: str, wrong: np.ndarray, columns: dict[str, np.ndarray], starts: np.ndarray
    ) -> None:
        """Count faults of groups; wrong: bool [groups]."""
        self.note(kind, wrong, {c: columns[c][starts] for c in self.by})


class LensProbabilities(_Grouped):
    """Lens probabilities lie in [0, 1], don't grow with rank, and sum to at most 1 over ranks."""

    name = "probabilities"
    by = ("prompt_id", "position", "layer")
    value = "probability"
    columns = (*by, value, "next_probability")

    def look(self, rows: Rows) -> None:
        following = rows["next_probability"]
        wrong = (following < 0) | (following > 1 + _OVER_ONE)
        self.faults.note("next_probability outside 0 to 1", wrong, rows, self.columns)
        super().look(rows)

    def judge(self, columns: dict[str, np.ndarray], starts: np.ndarray) -> None:
        values = columns[self.value]
        outside = (values < 0) | (values > 1 + _OVER_ONE)
        self.note("probability outside 0 to 1", outside, columns)
        grows = np.zeros(len(values), bool)
        grows[1:] = values[1:] > values[:-1]
        grows[starts] = False
        self.note("probability over that of the rank before", grows, columns)
        sums = np.add.reduceat(values, starts, dtype=np.float64)
        self.note_groups("sum over ranks over 1", sums > 1 + _OVER_ONE, columns, starts)


class AttentionProbabilities(_Grouped):
    """Attention weights lie in [0, 1], and those of a position sum to 1 (within 1e-2)."""

    name = "probabilities"
    by = ("prompt_id", "layer", "position")
    value = "weight"
    columns = (*by, value)

    def judge(self, columns: dict[str, np.ndarray], starts: np.ndarray) -> None:
        values = columns[self.value]
        self.note("weight outside 0 to 1", (values < 0) | (values > 1 + _OVER_ONE), columns)
        sums = np.add.reduceat(values, starts, dtype=np.float64)
        off = np.abs(sums - 1) > _OFF_ONE
        self.note_groups("sum over sources not 1", off, columns, starts)
