"""Settings of the tables about facts: one dataclass with defaults, noted beside the tables."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from kn_assets import lake as lakes
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.errors import KnError
from kn_assets.knowledge.attribution import STEPS
from kn_assets.knowledge.fact_tables import VERSION
from kn_assets.knowledge.interventions import AMPLIFY


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True)
class KnowledgeSettings:
    """How many facts are asked and taken apart, and how."""

    facts: int = _setting(50, "facts asked of each relation, the largest cities' first")
    known: int = _setting(16, "facts of each relation, out of the known ones, that are attributed")
    steps: int = _setting(STEPS, "steps of the integral over a layer's activations")
    factor: float = _setting(AMPLIFY, "factor by which neurons are amplified")
    seed: int = _setting(0, "seed of the random controls and intervals")
    fact_file: str | None = _setting(
        None, "file or folder of facts to ask in place of the corpus' own: CSV, JSONL, ParaRel, LRE"
    )
    like: str | None = _setting(
        None, "atlas whose facts are attributed, known or not: that of the last step"
    )

    def checked(self) -> KnowledgeSettings:
        for name in ("facts", "known", "steps"):
            if getattr(self, name) < 1:
                raise KnError(f"--{name} must be at least 1")
        return self

    def fingerprint(self, plan: AtlasPlan) -> str:
        """Identity of what the tables are made of, the atlas' own settings included."""
        given = asdict(self)
        del given["fact_file"]  # which is in the facts' own fingerprint
        told = json.dumps([VERSION, given])
        sources = [plan.lake.meta(plan.corpus, "facts")]
        if self.like:
            sources.append(plan.lake.meta(lakes.model(self.like), "knowledge_neurons"))
        noted = [str(meta and meta["fingerprint"]) for meta in sources]
        return plan.worded.fingerprint(plan.identity, *noted, told)
