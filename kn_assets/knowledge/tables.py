"""The tables about a model's facts: answers, attributions, knowledge neurons, interventions.

Attribution and interventions run in float32 whatever the atlas' dtype is: they need gradients, and
differences of probabilities that bfloat16 would round away. Unlike the atlas, whose activations are
the model's own to the last digits, they take the faster products of `models.linears`: sums in
another order move a score by millionths of the largest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

from kn_assets import lake as lakes
from kn_assets.atlas.plan import AtlasPlan, OnAtlas
from kn_assets.knowledge import (
    answers,
    effects,
    facts,
    interventions,
    refine,
    scores,
    verdict_tables,
)
from kn_assets.knowledge.attribution import RULE
from kn_assets.knowledge.fact_tables import OF_CORPUS
from kn_assets.knowledge.other_facts import attributed
from kn_assets.knowledge.questions import ask
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.knowledge.work import Work
from kn_assets.lake.plan import Figures
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.models.load import LoadedModel

OF_MODEL = (
    "fact_answers",
    "attributions",
    "attribution_error",
    "knowledge_neurons",
    "interventions",
    "intervention_effects",
    "fact_effects",
    "verdicts",
    "relation_verdicts",
)


@dataclass(frozen=True)
class KnowledgePlan(OnAtlas):
    """What a model answers to the facts of its atlas' corpus, and which neurons hold it."""

    settings: KnowledgeSettings

    tables: ClassVar[tuple[str, ...]] = OF_MODEL
    inputs: ClassVar[dict[str, tuple[str, ...]]] = dict.fromkeys(OF_MODEL, OF_CORPUS)
    one_pass: ClassVar[tuple[str, ...]] = OF_MODEL
    divisible: ClassVar[bool] = False

    def fingerprint(self, table: str) -> str:
        return self.settings.fingerprint(self.atlas)

    def make(self, tables: Collection[str], progress: Progress) -> Figures:
        write_knowledge(self.atlas, self.settings, progress)
        return {}


def write_knowledge(
    plan: AtlasPlan, settings: KnowledgeSettings, progress: Progress
) -> dict[str, int]:
    """Make the tables of `OF_MODEL`; returns their numbers of rows.

    With `settings.like` the facts that were attributed there are here too, whether or not this
    model knows them, so that steps of a training can be compared. A killed run goes on at the
    batch, prompt or fact that it was asking, attributing or changing. Where the model knows nothing
    its answers are written all the same, and the other tables are empty. Raises KnError where there
    are no facts, none can be asked, or the model's logits aren't finite.
    """
    told = plan.lake.read(plan.corpus, "facts")
    asked_texts = plan.lake.read(plan.corpus, "fact_prompts")
    loaded = _float32(plan, progress)
    chosen = facts.first_of_each(told, settings.facts)
    like = lakes.model(settings.like) if settings.like else None
    if like:
        taken = attributed(plan.lake, like, told)
        chosen = sorted({*chosen, *taken})
    questions = ask(loaded.tokenizer, told, asked_texts, chosen, loaded.parts.context)
    for reason, n in questions.left_out.items():
        progress.say(f"{n} prompts are not asked: {reason}")
    fingerprint = settings.fingerprint(plan)
    work = Work(plan, fingerprint, progress)
    answered = answers.answer(loaded, questions.asked, progress, work.parts)
    known = answers.known(answered)
    if not like:
        taken = _first_known(told, known, settings.known)
        if not taken:
            progress.say(
                "the model knows none of the facts asked, so there is nothing to attribute: ask "
                "more with --facts, or choose another model or checkpoint"
            )
    some = [q for q in questions.asked if q.fact_id in taken]
    attributions, errors = scores.attribute_all(
        loaded, some, settings.steps, RULE, progress, work.parts
    )
    n_prompts = dict(Counter(q.fact_id for q in some))
    neurons, refinements = refine.refine(attributions, told, n_prompts)
    for refinement in refinements:
        progress.say(str(refinement))
    final = plan.lake.read(like, "knowledge_neurons") if like else None
    said = set(known)
    changed = interventions.intervene(
        loaded,
        some,
        neurons,
        told,
        settings.factor,
        settings.seed,
        progress,
        final,
        work.parts,
        [q for q in questions.asked if q.fact_id in said],
    )
    by_fact, judged, by_relation = verdict_tables.tables(changed, told, said)
    made = {
        "fact_answers": answered,
        "attributions": attributions,
        "attribution_error": errors,
        "knowledge_neurons": neurons,
        "interventions": changed,
        "intervention_effects": effects.effects(changed, told, settings.seed),
        "fact_effects": by_fact,
        "verdicts": judged,
        "relation_verdicts": by_relation,
    }
    notes = {
        "settings": asdict(settings),
        "facts_asked": len({q.fact_id for q in questions.asked}),
        "facts_known": len(known),
        "prompts_left_out": questions.left_out,
    }
    counts = {
        t: plan.lake.write(plan.model, t, rows, fingerprint, **notes) for t, rows in made.items()
    }
    work.finish()
    return counts


def _float32(plan: AtlasPlan, progress: Progress) -> LoadedModel:
    from kn_assets.models.linears import use_onednn_linears
    from kn_assets.models.load import load

    progress.say(f"loading {plan.source} in float32")
    loaded = load(
        *(plan.source, plan.lake, "float32"),
        device=plan.device,
        attention="eager",
        progress=progress,
    )
    use_onednn_linears(loaded.model)
    return loaded


def _first_known(told: pa.Table, known: list[int], n: int) -> set[int]:
    """The first `n` known facts of each relation."""
    relation_of = dict(zip(told["fact_id"].to_pylist(), told["relation"].to_pylist(), strict=True))
    taken: dict[str, list[int]] = {}
    for fact in known:
        of_relation = taken.setdefault(relation_of[fact], [])
        if len(of_relation) < n:
            of_relation.append(fact)
    return {fact for of_relation in taken.values() for fact in of_relation}
