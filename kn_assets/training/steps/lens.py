"""The lens of facts at one step of a training: which facts are asked, and the table they make."""

from __future__ import annotations

from collections.abc import Collection

from kn_assets import lake as lakes
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.knowledge.facts import first_of_each
from kn_assets.knowledge.questions import ask
from kn_assets.knowledge.tables import OF_CORPUS, KnowledgeSettings
from kn_assets.models import source as sources
from kn_assets.progress import Progress
from kn_assets.training.steps.facts import fact_lens
from kn_assets.training.steps.identity import identity


def asked(plan: AtlasPlan, settings: KnowledgeSettings) -> list[int]:
    """Ids of the facts that a step is asked: the first of each relation, and all attributed ones.

    Those are attributed at the step that `settings.like` names, the last, or at this one. Raises
    KnError where the corpus tells no facts.
    """
    ids = set(first_of_each(plan.lake.read(plan.corpus, "facts"), settings.facts))
    last = lakes.model(settings.like) if settings.like else plan.model
    if plan.lake.meta(last, "attribution_error"):
        attributed = plan.lake.read(last, "attribution_error", ["fact_id"])
        ids |= set(attributed["fact_id"].to_pylist())
    return sorted(ids)


def is_current(plan: AtlasPlan, fact_ids: Collection[int] | None = None) -> bool:
    """Whether `fact_lens` is there, of this model and these facts."""
    return plan.lake.is_current(plan.model, "fact_lens", _fingerprint(plan, fact_ids))


def write(
    plan: AtlasPlan, fact_ids: Collection[int] | None = None, progress: Progress | None = None
) -> int:
    """Make `fact_lens` of one atlas' model, replacing it; returns its number of rows.

    Reads the corpus' `facts` and `fact_prompts` from the lake, and asks those of `fact_ids`, all by
    default; in float32 whatever the atlas' dtype, as `fact_answers`. Raises KnError where tables
    or model can't be had, or no fact can be asked.
    """
    from kn_assets.models.load import load

    lake, progress = plan.lake, progress or Progress()
    facts, prompts = (lake.read(plan.corpus, t) for t in OF_CORPUS)
    fingerprint = _fingerprint(plan, fact_ids)
    loaded = load(plan.source, lake, "float32", progress=progress)
    ids = None if fact_ids is None else sorted(fact_ids)
    questions = ask(loaded.tokenizer, facts, prompts, ids, loaded.parts.context).asked
    return lake.write(plan.model, "fact_lens", fact_lens(loaded, questions, progress), fingerprint)


def _fingerprint(plan: AtlasPlan, fact_ids: Collection[int] | None) -> str:
    noted = [(plan.lake.meta(plan.corpus, t) or {}).get("fingerprint") for t in OF_CORPUS]
    ids = None if fact_ids is None else sorted(fact_ids)
    return identity("fact_lens", sources.fingerprint(plan.source, plan.lake), noted, ids)
