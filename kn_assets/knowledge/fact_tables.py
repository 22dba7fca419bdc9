"""The facts of a corpus and the prompts that ask for them, out of its own cities or of a file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from kn_assets.errors import KnError
from kn_assets.knowledge import fact_files, facts
from kn_assets.lake import Lake, Partition
from kn_assets.lake.plan import Figures, Plan
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.corpora.plan import CorpusPlan

OF_CORPUS = ("facts", "fact_prompts")
VERSION = 5  # of these tables and of those about the answers to them


@dataclass(frozen=True)
class FactsPlan(Plan):
    """The facts of a corpus: out of its own cities, or of `file`."""

    corpus: CorpusPlan
    file: str | None = None

    tables: ClassVar[tuple[str, ...]] = OF_CORPUS
    inputs: ClassVar[dict[str, tuple[str, ...]]] = dict.fromkeys(OF_CORPUS, ("cities",))
    one_pass: ClassVar[tuple[str, ...]] = OF_CORPUS
    divisible: ClassVar[bool] = False

    @property
    def lake(self) -> Lake:
        return self.corpus.lake

    @property
    def partition(self) -> Partition:
        return self.corpus.partition

    def fingerprint(self, table: str) -> str:
        return facts_fingerprint(self.corpus, self.file)

    def make(self, tables: Collection[str], progress: Progress) -> Figures:
        write_facts(self.corpus, self.file, progress)
        return {}


def write_facts(
    plan: CorpusPlan, fact_file: str | None = None, progress: Progress | None = None
) -> dict[str, int]:
    """Make `facts` and `fact_prompts` out of a corpus' cities; returns their numbers of rows.

    fact_file: what to read them from instead, see `fact_files`. Raises KnError where it can't be
    read, or the cities have no country, continent or capital to ask for.
    """
    fingerprint = facts_fingerprint(plan, fact_file)
    if fact_file:
        found = facts.tables(fact_files.read(fact_file, progress))
    else:
        found = facts.tables(facts.from_cities(plan.lake.read(plan.partition, "cities")))
    if not found[0].num_rows:
        raise KnError(f"the cities of {plan.corpus.key} tell no facts: they need a country")
    return {
        table: plan.lake.write(plan.partition, table, rows, fingerprint)
        for table, rows in zip(OF_CORPUS, found, strict=True)
    }


def facts_fingerprint(plan: CorpusPlan, fact_file: str | None = None) -> str:
    """Identity of what the facts are told from. Raises KnError where that isn't there."""
    if fact_file:
        return f"{VERSION} of file {fact_files.fingerprint(fact_file)}"
    meta = plan.lake.meta(plan.partition, "cities")
    if meta is None:
        raise KnError(f"there are no cities of {plan.corpus.key} yet: `kn run` makes them")
    return f"{VERSION} of {meta['fingerprint']}"
