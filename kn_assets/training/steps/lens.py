"""The lens of facts at one step of a training: which facts are asked, and the table they make."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from kn_assets import lake as lakes
from kn_assets.atlas.plan import AtlasPlan, OnAtlas
from kn_assets.knowledge.fact_tables import OF_CORPUS
from kn_assets.knowledge.facts import first_of_each
from kn_assets.knowledge.other_facts import attributed
from kn_assets.knowledge.questions import ask
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.lake import plan as plans
from kn_assets.lake.plan import Figures
from kn_assets.progress import Progress
from kn_assets.training.steps.facts import fact_lens
from kn_assets.training.steps.identity import identity


@dataclass(frozen=True)
class FactLensPlan(OnAtlas):
    """What each layer of an atlas' model would answer to some facts.

    fact_ids: those that are asked; `of` chooses them by the settings.
    """

    fact_ids: tuple[int, ...]

    tables: ClassVar[tuple[str, ...]] = ("fact_lens",)
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {"fact_lens": (*OF_CORPUS, "attribution_error")}

    @classmethod
    def of(cls, atlas: AtlasPlan, settings: KnowledgeSettings) -> FactLensPlan:
        """With the facts that `asked` names. Raises KnError where the corpus tells none."""
        return cls(atlas, tuple(asked(atlas, settings)))

    def fingerprint(self, table: str) -> str:
        noted = [(self.lake.meta(self.atlas.corpus, t) or {}).get("fingerprint") for t in OF_CORPUS]
        return identity("fact_lens", self.atlas.weights, noted, sorted(self.fact_ids))

    def make(self, tables: Collection[str], progress: Progress) -> Figures:
        """Reads the corpus' `facts` and `fact_prompts` from the lake; in float32 whatever the
        atlas' dtype, as `fact_answers`. Raises KnError where tables or model can't be had, or no
        fact can be asked.
        """
        from kn_assets.models.load import load

        facts, prompts = (self.lake.read(self.atlas.corpus, t) for t in OF_CORPUS)
        loaded = load(self.atlas.source, self.lake, "float32", progress=progress)
        ids, context = sorted(self.fact_ids), loaded.parts.context
        questions = ask(loaded.tokenizer, facts, prompts, ids, context).asked
        plans.write(self, "fact_lens", fact_lens(loaded, questions, progress))
        return {"fact_lens": {"facts": len(ids)}}


def asked(plan: AtlasPlan, settings: KnowledgeSettings) -> list[int]:
    """Ids of the facts that a step is asked: the first of each relation, and all attributed ones.

    Those are attributed at the step that `settings.like` names, the last, or at this one. Raises
    KnError where the corpus tells no facts.
    """
    told = plan.lake.read(plan.corpus, "facts")
    ids = set(first_of_each(told, settings.facts))
    last = lakes.model(settings.like) if settings.like else plan.model
    if plan.lake.meta(last, "attribution_error"):
        ids |= attributed(plan.lake, last, told)
    return sorted(ids)
