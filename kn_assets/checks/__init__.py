"""Checks of written tables: what a table must hold to be built upon.

`names` says which checks a table has, `run` makes them in one reading of its files, a batch of rows
at a time, so that memory doesn't grow with the table. A check compares a table with others of its
partition only where they are there and of the same run (the same fingerprint): a table made by
itself, or made again before its neighbours, is judged by what it alone tells, and the detail says
what it wasn't compared with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kn_assets.checks.check import Check, Outcome
from kn_assets.checks.coverage import EveryNeuron, EveryPrompt
from kn_assets.checks.keys import KeysUnique
from kn_assets.checks.probabilities import AttentionProbabilities, LensProbabilities
from kn_assets.checks.ranges import InRange
from kn_assets.checks.rows import stream
from kn_assets.checks.run_facts import RunFacts
from kn_assets.checks.same_rows import SameRows
from kn_assets.checks.values import Finite, OverThreshold, float_columns
from kn_assets.lake.schema import ALL

if TYPE_CHECKING:
    from kn_assets.lake import Lake, Partition

__all__ = ["Outcome", "names", "run"]

_FIRED = ("activations", "activations_by_neuron", "neuron_peaks")
_OF_PROMPTS = ("tokens", "activations", "logit_lens", "attention", "prompt_map")


def names(table: str) -> list[str]:
    """The names of a table's checks, in the order `run` gives them. Reads no file."""
    return [check.name for check in _checks(table)]


def run(lake: Lake, partition: Partition, table: str) -> list[Outcome]:
    """Make all checks of a table in one reading of the columns they need.

    A check that fails tells how many rows are at fault and shows the first; rows count from 0.
    Raises KnError where the table isn't there.
    """
    facts = RunFacts(lake, partition, table)
    checks = [check(ALL[table], facts) for check in _checks(table)]
    needed = {column for check in checks for column in check.columns}
    columns = [name for name in ALL[table].names if name in needed]
    for rows in stream(lake.files(partition, table), columns):
        for check in checks:
            check.add(rows)
    return [check.outcome() for check in checks]


def _checks(table: str) -> list[type[Check]]:
    found: list[type[Check]] = [KeysUnique, InRange]
    if float_columns(ALL[table]):
        found.append(Finite)
    if table in _OF_PROMPTS:
        found.append(EveryPrompt)
    if table in ("neurons", "neuron_map"):
        found.append(EveryNeuron)
    if table in _FIRED:
        found.append(OverThreshold)
    if table in ("logit_lens", "lens_readings"):
        found.append(LensProbabilities)
    if table == "attention":
        found.append(AttentionProbabilities)
    if table == "activations_by_neuron":
        found.append(SameRows)
    return found
