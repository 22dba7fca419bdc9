"""What `kn run` was asked for, and which tables are stale by it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kn_assets.atlas.linear_lens import LinearLensPlan
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.corpora import wikipedia
from kn_assets.corpora.plan import CorpusPlan
from kn_assets.errors import KnError
from kn_assets.knowledge.circuits.settings import CircuitSettings
from kn_assets.knowledge.circuits.tables import CircuitsPlan
from kn_assets.knowledge.concept_table import ConceptsPlan
from kn_assets.knowledge.descriptions.plan import DescriptionsPlan
from kn_assets.knowledge.fact_tables import FactsPlan
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.knowledge.tables import KnowledgePlan
from kn_assets.lake import Lake
from kn_assets.lake import plan as plans
from kn_assets.lake.schema import ATLAS_TABLES, TABLES
from kn_assets.maps.tables import MapsPlan


@dataclass(frozen=True)
class Request:
    """What `kn run` was asked for.

    `only` names tables; all of the atlas where it is empty. `knowledge` asks for the tables about
    facts as well, `circuits` for those about circuits. `wait`: for another process that writes to
    the lake; else it is refused.
    """

    lake: Lake
    atlas: AtlasSettings
    wiki: dict[str, Any] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    force: bool = False
    knowledge: KnowledgeSettings | None = None
    circuits: CircuitSettings | None = None
    wait: bool = True

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

    @property
    def facts(self) -> FactsPlan:
        return FactsPlan(self.corpus, self.fact_file)

    @property
    def fact_file(self) -> str | None:
        asking = self.circuits or self.knowledge
        return asking.fact_file if asking else None

    def stale_corpus(self) -> list[str]:
        """The tables of the corpus that must be made, in order.

        All that are stale, whichever are asked for: what stands on them needs them. But none where
        only tables of the atlas are asked for and there are prompts.
        """
        wanted = [t for t in CorpusPlan.tables if t in self.only]
        if self.force and self.only:
            return plans.stale(self.corpus, wanted, force=True) if wanted else []
        stale = plans.stale(self.corpus)
        return [] if self.only and not wanted and "prompts" not in stale else stale

    def stale_atlas(self) -> list[str]:
        """The tables of the atlas that must be made, given that its corpus is there."""
        only = self.only
        if only and not set(only) & set(ATLAS_TABLES):
            return []
        atlas = self.plan
        made = atlas, LinearLensPlan(atlas), DescriptionsPlan(atlas), MapsPlan(atlas)
        stale = [t for p in made for t in plans.stale(p, only, self.force)]
        if only and "atlases" not in stale and not plans.is_made(self.lake, atlas.model, "atlases"):
            stale.append("atlases")
        return stale

    def stale_facts(self) -> list[str]:
        """The tables of facts that must be made, given that there are cities."""
        return plans.stale(self.facts, force=self.force)

    def stale_circuits(self) -> list[str]:
        """The tables about circuits that must be made, given that there are facts and an atlas."""
        assert self.circuits is not None
        return plans.stale(CircuitsPlan(self.plan, self.circuits), force=self.force)

    def stale_knowledge(self) -> list[str]:
        """The tables about facts that must be made, given that there are facts and an atlas."""
        assert self.knowledge is not None
        about = KnowledgePlan(self.plan, self.knowledge), ConceptsPlan(self.plan)
        return [t for plan in about for t in plans.stale(plan, force=self.force)]
