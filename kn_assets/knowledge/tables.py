"""The tables about facts: prompts, answers, attributions, knowledge neurons, interventions.

Attribution and interventions run in float32 whatever the atlas' dtype is: they need gradients, and
differences of probabilities that bfloat16 would round away. Unlike the atlas, whose activations are
the model's own to the last digits, they take the faster products of `models.linears`: sums in
another order move a score by millionths of the largest.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa

from kn_assets import lake as lakes
from kn_assets.atlas.plan import AtlasPlan, OnAtlas
from kn_assets.errors import KnError
from kn_assets.knowledge import (
    answers,
    concepts,
    effects,
    fact_files,
    facts,
    interventions,
    refine,
    scores,
    verdict_tables,
)
from kn_assets.knowledge.attribution import RULE, STEPS
from kn_assets.knowledge.questions import ask
from kn_assets.knowledge.work import Work
from kn_assets.lake import Lake, Partition
from kn_assets.lake import plan as plans
from kn_assets.lake.plan import Figures, Note, Plan
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.corpora.plan import CorpusPlan
    from kn_assets.models.load import LoadedModel

OF_CORPUS = ("facts", "fact_prompts")
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
CONCEPTS = "neuron_concepts"
VERSION = 5
CONCEPTS_VERSION = 2  # noted beside the fingerprint, which is the atlas' own


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True)
class KnowledgeSettings:
    """How many facts are asked and taken apart, and how."""

    facts: int = _setting(50, "facts asked of each relation, the largest cities' first")
    known: int = _setting(16, "facts of each relation, out of the known ones, that are attributed")
    steps: int = _setting(STEPS, "steps of the integral over a layer's activations")
    factor: float = _setting(interventions.AMPLIFY, "factor by which neurons are amplified")
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


def attributed(lake: Lake, model: Partition, told: pa.Table) -> set[int]:
    """Ids of the facts `told` that were attributed in a model; those of another set don't count."""
    found = lake.read(model, "attribution_error", ["fact_id", "fact_set"])
    ours = set(told["fact_set"].to_pylist())
    rows = zip(found["fact_id"].to_pylist(), found["fact_set"].to_pylist(), strict=True)
    return {fact_id for fact_id, fact_set in rows if fact_set in ours}


def answers_other_facts(lake: Lake, model: Partition) -> bool:
    """Whether a model's answers are to other facts than its corpus holds now."""
    if lake.meta(model, "fact_answers") is None or lake.meta(model, "atlases") is None:
        return False
    where = lakes.corpus(lake.read(model, "atlases", ["corpus"])["corpus"][0].as_py())
    if lake.meta(where, "facts") is None:
        return True
    if lake.lacking(model, "fact_answers") or lake.lacking(where, "facts"):
        return True  # an earlier version's, which noted nothing
    told = set(lake.read(where, "facts", ["fact_set"])["fact_set"].to_pylist())
    return not set(lake.read(model, "fact_answers", ["fact_set"])["fact_set"].to_pylist()) <= told


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


def _float32(plan: AtlasPlan, progress: Progress) -> LoadedModel:
    from kn_assets.models.linears import use_onednn_linears
    from kn_assets.models.load import load

    progress.say(f"loading {plan.source} in float32")
    loaded = load(plan.source, plan.lake, "float32", attention="eager", progress=progress)
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
