"""Plans: what a group of tables is made of, how they are made, and which of them are stale.

A plan speaks of one partition (a corpus, an atlas, a training). It is cheap: it holds settings and
reads notes (`_table.json`), neither tables nor weights, until it is asked to make something. Every
group of tables has one: `CorpusPlan`, `FactsPlan`, `AtlasPlan`, `MapsPlan`, `KnowledgePlan`,
`CircuitsPlan`, `ConceptsPlan`, `DescriptionsPlan`, `LinearLensPlan`, `FactLensPlan`, `StepsPlan`.
What there is to know about making a table stands there and nowhere else: `stale` here decides what
must be made, for `kn run`, `kn doctor` and the tests; `kn_assets.defs.assets` turns a plan into
Dagster assets. To add a table is to write a plan, or to add the table to one.

A table counts as made if its note is what the plan would write today (`fits`), and if its blocking
checks passed. Checks run in Dagster's runs: a lake opened with `checked=True` writes tables that
await them, `Lake.note_checks` says how they went. A table which awaits them, since its run was
killed in between, is checked by the next run and not made again. A table that nobody meant to check
(older than these notes, or written by a direct call of the library) counts as made. A table whose
files aren't those that were written doesn't, and nothing is made of it (`check_inputs`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from kn_assets.errors import KnError
from kn_assets.lake.lake import FAILED_CHECKS, Lake, Partition, damaged
from kn_assets.lake.schema import ALL
from kn_assets.progress import Progress

if TYPE_CHECKING:
    import pyarrow as pa

Note = Mapping[str, Any]
"""What `_table.json` says of a table."""

Figures = dict[str, dict[str, Any]]
"""Table -> what is worth knowing about how it went, to be shown beside it."""


class Plan(ABC):
    """What a group of tables of one partition is made of.

    tables: their names, in an order in which they can be made. inputs: of each, the tables it
    stands on, of this plan or others; of one without an entry there are none. one_pass: those that
    come out of the same work, each written as a table of its own. divisible: whether some tables of
    the pass can be made without the others.
    """

    tables: ClassVar[tuple[str, ...]]
    inputs: ClassVar[Mapping[str, tuple[str, ...]]]
    one_pass: ClassVar[tuple[str, ...]] = ()
    divisible: ClassVar[bool] = True

    if TYPE_CHECKING:  # a field of most plans, which a property in the base would be taken for

        @property
        def lake(self) -> Lake: ...

    @property
    @abstractmethod
    def partition(self) -> Partition:
        """Where the tables lie."""

    @abstractmethod
    def fingerprint(self, table: str) -> str:
        """Identity of what a table is made of: settings, inputs, weights, the code's version.

        Raises KnError where an input that tells isn't there yet.
        """

    @abstractmethod
    def make(self, tables: Collection[str], progress: Progress) -> Figures:
        """Make some of the tables, replacing them, in the plan's order.

        Raises KnError where an input can't be had.
        """

    def lacking(self, table: str) -> str | None:
        """What keeps a table from being made, in words; None where nothing does."""
        return None

    def places(self, name: str) -> list[Partition]:
        """The partitions in which a table lies that others stand on."""
        return [self.partition] if ALL[name].kind == self.partition.kind else []

    def notes(self, table: str) -> dict[str, Any]:
        """What is noted beside a table other than its fingerprint."""
        return {}

    def fits(self, table: str, note: Note) -> bool:
        """Whether a table with that note is the one that would be made.

        `made_of` stands in where the fingerprint is the content's, which shows only when it's made.
        """
        return bool(note.get("made_of", note["fingerprint"]) == self.fingerprint(table))


# -- what is there ---------------------------------------------------------------------------------


def stale(plan: Plan, only: Iterable[str] = (), force: bool = False) -> list[str]:
    """The tables of a plan that must be made, in order: those of `only`, or all where it is empty.

    A table is stale where it isn't current, where `force` says so, and where another of the plan's
    that it stands on is. What lacks something is left out. Raises KnError like `fingerprint`.
    """
    wanted = set(only) or set(plan.tables)
    found: list[str] = []
    for table in (t for t in plan.tables if t in wanted and not plan.lacking(t)):
        stands_on = set(plan.inputs.get(table, ()))
        if force or stands_on & set(found) or not is_current(plan, table):
            found.append(table)
    if not plan.divisible and set(found) & set(plan.one_pass):
        return [t for t in plan.tables if t in found or t in plan.one_pass]
    return found


def is_current(plan: Plan, table: str) -> bool:
    """Whether a table is there as the plan would make it, and its checks passed."""
    return is_written(plan, table) and is_made(plan.lake, plan.partition, table)


def is_written(plan: Plan, table: str) -> bool:
    """Whether a table is there as the plan would make it, however its checks went."""
    note = plan.lake.meta(plan.partition, table)
    return note is not None and plan.fits(table, note) and _is_whole(plan, table)


def awaits_checks(plan: Plan, table: str) -> bool:
    """Whether all that a table lacks is its checks: its run was killed before them."""
    note = plan.lake.meta(plan.partition, table)
    if note is None or note.get(FAILED_CHECKS, ()) is not None:
        return False
    return plan.fits(table, note) and _is_whole(plan, table)


def is_made(lake: Lake, partition: Partition, table: str) -> bool:
    """Whether a table is there whole, of whatever settings, with no check that failed or is to
    come.
    """
    note = lake.meta(partition, table)
    if note is None or note.get(FAILED_CHECKS, ()) not in ((), []):
        return False
    return lake.damage(partition, table) is None


def _is_whole(plan: Plan, table: str) -> bool:
    return plan.lake.damage(plan.partition, table) is None


def check_inputs(plan: Plan, tables: Collection[str]) -> None:
    """Raise KnError where what some tables are to be made of is damaged, by checksum, or failed
    its checks. What isn't there is told by who reads it.
    """
    needed = {i for table in tables for i in plan.inputs.get(table, ())} - set(tables)
    for name in sorted(needed):
        for partition in plan.places(name):
            if what := plan.lake.verify(partition, name):
                raise KnError(damaged(partition, name, what))
            if failed := (plan.lake.meta(partition, name) or {}).get(FAILED_CHECKS):
                raise KnError(
                    f"{name} of {partition.key} failed its checks ({', '.join(failed)}): nothing "
                    "is made of it; run the command that made it again"
                )


# -- writing ---------------------------------------------------------------------------------------


def write(plan: Plan, table: str, rows: pa.Table | Iterable[pa.Table], **notes: Any) -> int:
    """Replace a table of a plan; returns its number of rows."""
    fingerprint = plan.fingerprint(table)
    return plan.lake.write(plan.partition, table, rows, fingerprint, **plan.notes(table), **notes)


def replacing(plan: Plan, table: str, **notes: Any) -> AbstractContextManager[Path]:
    """A new folder for a table of a plan, see `Lake.replacing`."""
    told = {**plan.notes(table), **notes}
    return plan.lake.replacing(plan.partition, table, plan.fingerprint(table), **told)
