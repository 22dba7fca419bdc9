"""What `kn run` was asked for, and which tables are stale by it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.corpora import wikipedia
from kn_assets.corpora.plan import TABLES_OF_CORPUS, CorpusPlan
from kn_assets.errors import KnError
from kn_assets.knowledge.tables import (
    CONCEPTS,
    OF_CORPUS,
    OF_MODEL,
    KnowledgeSettings,
    facts_fingerprint,
)
from kn_assets.lake import Lake
from kn_assets.lake.schema import ATLAS_TABLES, TABLES


@dataclass(frozen=True)
class Request:
    """What `kn run` was asked for.

    `only` names tables; all of the atlas where it is empty. `knowledge` asks for the tables about
    facts as well.
    """

    lake: Lake
    atlas: AtlasSettings
    wiki: dict[str, Any] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    force: bool = False
    knowledge: KnowledgeSettings | None = None

    def __post_init__(self) -> None:
        unknown = set(self.only) - set(TABLES)
        if unknown:
            raise KnError(
                f"no table is called {', '.join(sorted(unknown))}: choose from {', '.join(TABLES)}"
            )

    @property
    def wiki_given(self) -> dict[str, Any]:
        return {"limit": self.atlas.limit, **self.wiki}

    @property
    def corpus(self) -> CorpusPlan:
        settings = wikipedia.Settings.of(**self.wiki_given)
        return CorpusPlan(self.lake, self.atlas.corpus, settings)

    @property
    def plan(self) -> AtlasPlan:
        return AtlasPlan(self.lake, self.atlas)

    def stale_corpus(self) -> list[str]:
        """The tables of the corpus that must be made, in order."""
        wanted = [t for t in TABLES_OF_CORPUS if not self.only or t in self.only]
        if self.force and self.only:
            return wanted
        stale = [t for t in TABLES_OF_CORPUS if not self.corpus.is_current(t)]
        if self.only and not wanted and "prompts" not in stale:
            return []
        # What stands on a stale table is stale too.
        return list(TABLES_OF_CORPUS[TABLES_OF_CORPUS.index(stale[0]) :]) if stale else []

    def stale_atlas(self) -> list[str]:
        """The tables of the atlas that must be made, given that its corpus is there."""
        wanted = [t for t in ATLAS_TABLES if not self.only or t in self.only]
        if self.only and wanted and self.lake.meta(self.plan.model, "atlases") is None:
            wanted.append("atlases")
        if self.force:
            return wanted
        return [t for t in wanted if not self.plan.is_current(t)]

    def stale_facts(self) -> list[str]:
        """The tables of facts that must be made, given that there are cities."""
        file = self.knowledge.fact_file if self.knowledge else None
        fingerprint = facts_fingerprint(self.corpus, file)
        made = [self.lake.is_current(self.corpus.partition, t, fingerprint) for t in OF_CORPUS]
        return list(OF_CORPUS) if self.force or not all(made) else []

    def stale_knowledge(self) -> list[str]:
        """The tables about facts that must be made, given that there are facts and an atlas."""
        assert self.knowledge is not None
        fingerprint = self.knowledge.fingerprint(self.plan)
        made = [self.lake.is_current(self.plan.model, t, fingerprint) for t in OF_MODEL]
        stale = list(OF_MODEL) if self.force or not all(made) else []
        if self.force or not self.plan.is_current(CONCEPTS):
            stale.append(CONCEPTS)
        return stale
