"""One fact, or a sentence of one's own, asked and attributed on demand.

The same functions and settings as those that make the stored tables, on the fact's own prompts: a
fact that was attributed in advance gives the stored rows again (attributions, neurons and
interventions; answers to the last digits, since their batches differ). What hangs on other facts is
taken from the stored tables: the share p of a relation by which neurons are chosen, and the facts
that the model knows, among which controls are. A relation of which no fact was attributed has no
share: it is found on the one fact.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from kn_assets.knowledge import answers, interventions, refine, scores, verdict_tables
from kn_assets.knowledge.attribution import RULE
from kn_assets.knowledge.questions import Question
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import KNOWLEDGE
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.models.load import LoadedModel

What = Literal["ask", "attribute", "change"]
WHAT: tuple[What, ...] = ("ask", "attribute", "change")
"""Each does what those before it do, too."""


@dataclass(frozen=True)
class Rows:
    """What an asking made: rows of stored tables by name.

    known: the model says the whole object in at least half of the prompts. attributed: whether its
    answers were attributed. share: the share p of prompts by which its neurons were chosen, None
    where they weren't; share_of: `relation` where p is that of the stored neurons, else `fact`.
    """

    tables: dict[str, pa.Table]
    known: bool
    attributed: bool
    share: float | None
    share_of: str | None


def ask_fact(
    loaded: LoadedModel,
    asked: Sequence[Question],
    facts: pa.Table,
    what: What,
    settings: KnowledgeSettings,
    shares: Mapping[str, float],
    known: Sequence[Question] = (),
    final: pa.Table | None = None,
    anyway: bool = False,
    progress: Progress | None = None,
) -> Rows:
    """Ask the prompts of one fact; attribute them and change its neurons as far as `what` says.

    asked: the fact's questions, one at least. facts: all facts of the corpus, and this one. shares:
    relation -> p of the stored neurons. known: the prompts of the facts that the model knows, for
    controls. final: rows of `knowledge_neurons` of the last checkpoint. An answer that the model
    doesn't know isn't attributed, unless `anyway`. Raises KnError where logits aren't finite.
    """
    made = {"fact_answers": answers.answer(loaded, asked, progress)}
    fact = asked[0].fact_id
    knows = fact in answers.known(made["fact_answers"])
    if what == "ask" or not (knows or anyway):
        return Rows(made, knows, False, None, None)
    made["attributions"], made["attribution_error"] = scores.attribute_all(
        loaded, asked, settings.steps, RULE, progress
    )
    neurons, (refined,) = refine.refine(made["attributions"], facts, {fact: len(asked)}, shares)
    made["knowledge_neurons"] = neurons
    share_of = "relation" if refined.relation in shares else "fact"
    if what == "change":
        changed = interventions.intervene(
            loaded,
            asked,
            neurons,
            facts,
            settings.factor,
            settings.seed,
            progress,
            final,
            known=known,
        )
        said = {q.fact_id for q in known} | ({fact} if knows else set())
        made["interventions"] = changed
        made["fact_effects"], made["verdicts"], _ = verdict_tables.tables(changed, facts, said)
    return Rows(made, knows, True, refined.share, share_of)


def final_neurons(fact: int, rows: Collection[Sequence[float]] | None) -> pa.Table | None:
    """Rows of `knowledge_neurons` of a fact out of [layer, neuron, score]; None for none given."""
    if rows is None:
        return None
    table = [
        {"fact_id": fact, "layer": int(layer), "neuron": int(neuron), "score": score}
        for layer, neuron, score in rows
    ]
    return pa.Table.from_pylist(table, schema=KNOWLEDGE["knowledge_neurons"].schema)


def stored_settings(lake: Lake, model: Partition) -> KnowledgeSettings:
    """The settings that an atlas' stored answers were made with; defaults where there are none."""
    note = lake.meta(model, "fact_answers") or {}
    names = {f.name for f in fields(KnowledgeSettings)}
    return KnowledgeSettings(**{k: v for k, v in note.get("settings", {}).items() if k in names})


def stored_shares(lake: Lake, model: Partition, facts: pa.Table) -> dict[str, float]:
    """Relation -> share p by which its stored knowledge neurons were chosen.

    Found as it was found then, from the stored attributions of facts of this set. Raises KnError
    where their tables are damaged.
    """
    if any(lake.meta(model, t) is None for t in ("attributions", "attribution_error")):
        return {}
    ours = set(facts["fact_set"].to_pylist())
    kept, errors = (
        rows.filter(pa.array([of in ours for of in rows["fact_set"].to_pylist()], pa.bool_()))
        for rows in (
            lake.read(model, "attributions"),
            lake.read(model, "attribution_error", ["fact_id", "prompt", "fact_set"]),
        )
    )
    prompts: dict[int, set[int]] = {}
    for row in errors.to_pylist():
        prompts.setdefault(row["fact_id"], set()).add(row["prompt"])
    n_prompts = {fact: len(some) for fact, some in prompts.items()}
    _, refinements = refine.refine(kept, facts, n_prompts)
    return {r.relation: r.share for r in refinements}
