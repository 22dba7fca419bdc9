"""Whether the two orders of the fired neurons hold the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kn_assets.checks.check import Check
from kn_assets.checks.rows import stream
from kn_assets.lake.schema import ALL

if TYPE_CHECKING:
    from kn_assets.checks.check import Outcome
    from kn_assets.checks.rows import Rows
    from kn_assets.checks.run_facts import RunFacts
    from kn_assets.lake.schema import Table

_OTHER = "activations"
# Odd constants of splitmix64 (Steele, Lea & Flood 2014) and of xxHash64.
_A, _B, _C = (np.uint64(c) for c in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xBF58476D1CE4E5B9))
_SHIFT = np.uint64(32)


class SameRows(Check):
    """As many rows as `activations` of the same run, and the same rows whatever their order.

    Rows are compared by the sum of a 64-bit hash of each, modulo 2 ** 64. Without `activations`
    there is nothing to compare with.
    """

    name = "same_rows"
    columns = tuple(ALL[_OTHER].names)

    def __init__(self, table: Table, facts: RunFacts) -> None:
        super().__init__(table, facts)
        self._compares = facts.has(_OTHER)
        self._sum = 0

    def look(self, rows: Rows) -> None:
        if self._compares:
            self._sum += hash_sum(rows)

    def outcome(self) -> Outcome:
        if self._compares:
            other_sum = n_other = 0
            files = self.facts.lake.files(self.facts.partition, _OTHER)
            for rows in stream(files, list(self.columns)):
                other_sum += hash_sum(rows)
                n_other += len(rows)
            if n_other != self.n_rows:
                kind = f"rows more or less than the {n_other:,} of activations"
                self.faults.count(kind, abs(self.n_rows - n_other))
            elif (self._sum - other_sum) % 2**64:
                self.faults.count("as many rows as activations, but not the same: tables", 1)
        return super().outcome()

    def not_compared(self) -> str:
        return "" if self._compares else "activations of the same run, which aren't there"


def hash_sum(rows: Rows) -> int:
    """The sum of a 64-bit hash of each row of fired neurons, modulo 2 ** 64."""
    layer, position = (rows[c].astype(np.uint16).astype(np.uint64) for c in ("layer", "position"))
    neuron, prompt = (rows[c].astype(np.uint32).astype(np.uint64) for c in ("neuron", "prompt_id"))
    bits = np.ascontiguousarray(rows["activation"], np.float32).view(np.uint32)
    layer <<= np.uint64(48)
    position <<= _SHIFT
    layer |= position
    layer |= neuron
    prompt <<= _SHIFT
    prompt |= bits
    layer *= _A
    prompt *= _B
    layer += prompt
    layer ^= layer >> _SHIFT
    layer *= _C
    layer ^= layer >> _SHIFT
    return int(layer.sum(dtype=np.uint64))
