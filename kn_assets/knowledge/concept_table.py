"""The table of what an atlas' neurons mark, out of its peaks and the corpus' cities."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

from kn_assets.atlas.plan import AtlasPlan, OnAtlas
from kn_assets.knowledge import concepts
from kn_assets.lake import plan as plans
from kn_assets.lake.plan import Figures, Note
from kn_assets.progress import Progress

CONCEPTS = "neuron_concepts"
CONCEPTS_VERSION = 2  # noted beside the fingerprint, which is the atlas' own


@dataclass(frozen=True)
class ConceptsPlan(OnAtlas):
    """What an atlas' neurons mark."""

    tables: ClassVar[tuple[str, ...]] = (CONCEPTS,)
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {CONCEPTS: ("atlases", "neuron_peaks")}

    def fingerprint(self, table: str) -> str:
        return self.atlas.identity

    def notes(self, table: str) -> dict[str, Any]:
        return {"version": CONCEPTS_VERSION}

    def fits(self, table: str, note: Note) -> bool:
        return super().fits(table, note) and note.get("version") == CONCEPTS_VERSION

    def make(self, tables: Collection[str], progress: Progress) -> Figures:
        write_concepts(self.atlas, progress)
        return {}


def write_concepts(plan: AtlasPlan, progress: Progress) -> int:
    """Make `neuron_concepts` out of the atlas' peaks; returns its number of rows."""
    plan.check_same()
    progress.say("which neurons mark which countries, continents, capitals and sizes")
    prompt_ids = sorted(
        set(plan.lake.read(plan.model, "tokens", ["prompt_id"])["prompt_id"].to_pylist())
    )
    prompts = plan.lake.read(plan.corpus, "prompts", ["prompt_id", "city_id"])
    city_of = dict(
        zip(prompts["prompt_id"].to_pylist(), prompts["city_id"].to_pylist(), strict=True)
    )
    cities = {c["city_id"]: c for c in plan.lake.read(plan.corpus, "cities").to_pylist()}
    found = concepts.concepts(
        plan.lake.read(plan.model, "neuron_peaks"),
        prompt_ids,
        [cities[city_of[p]] for p in prompt_ids],
    )
    return plans.write(ConceptsPlan(plan), CONCEPTS, found)
