"""The tables about circuits: which facts get one.

In float32, as all that asks a model about facts. A killed run goes on at the fact that it was at.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar

import pyarrow as pa

from kn_assets import lake as lakes
from kn_assets.atlas.plan import AtlasPlan, OnAtlas
from kn_assets.knowledge import answers, facts, verdict_tables
from kn_assets.knowledge.circuits.cases import cases
from kn_assets.knowledge.circuits.contrasts import Asked, all_asked
from kn_assets.knowledge.circuits.halves import CHOSEN, all_rows, as_table
from kn_assets.knowledge.circuits.settings import CircuitSettings
from kn_assets.knowledge.fact_tables import OF_CORPUS
from kn_assets.knowledge.questions import ask
from kn_assets.knowledge.work import CIRCUITS as CIRCUITS_WORK
from kn_assets.knowledge.work import Work
from kn_assets.lake.plan import Figures
from kn_assets.lake.schema import CIRCUITS
from kn_assets.progress import Progress

OF_SCORECARDS = ("circuit_fact_effects", "circuit_verdicts", "circuit_relation_verdicts")
OF_CIRCUITS = (*CHOSEN, "circuit_curves", "circuit_interventions", *OF_SCORECARDS)


@dataclass(frozen=True)
class CircuitsPlan(OnAtlas):
    """Which units, at which tokens, carry what a model answers to the facts of its atlas'
    corpus."""

    settings: CircuitSettings

    tables: ClassVar[tuple[str, ...]] = OF_CIRCUITS
    inputs: ClassVar[dict[str, tuple[str, ...]]] = dict.fromkeys(OF_CIRCUITS, OF_CORPUS)
    one_pass: ClassVar[tuple[str, ...]] = OF_CIRCUITS
    divisible: ClassVar[bool] = False

    def fingerprint(self, table: str) -> str:
        noted = [self.lake.meta(self.atlas.corpus, "facts")]
        if self.settings.like:
            noted.append(self.lake.meta(lakes.model(self.settings.like), "circuit_units"))
        sources = [str(meta and meta["fingerprint"]) for meta in noted]
        return self.atlas.worded.fingerprint(self.atlas.identity, *sources, self.settings.told())

    def make(self, tables: Collection[str], progress: Progress) -> Figures:
        return write_circuits(self.atlas, self.settings, self.fingerprint("contrasts"), progress)


def write_circuits(
    plan: AtlasPlan, settings: CircuitSettings, fingerprint: str, progress: Progress
) -> Figures:
    """Make the tables of `OF_CIRCUITS`; returns figures by table.

    Raises KnError where there are no facts, none can be asked, or the model can't be restarted from
    a block. Where the model knows nothing the tables are empty.
    """
    from kn_assets.atlas.direct.layout import Layout
    from kn_assets.knowledge.circuits.scorecards import Asking
    from kn_assets.models.linears import use_onednn_linears
    from kn_assets.models.load import load

    told, texts = (plan.lake.read(plan.corpus, t) for t in OF_CORPUS)
    progress.say(f"loading {plan.source} in float32")
    loaded = load(
        *(plan.source, plan.lake, "float32"),
        device=plan.device,
        attention="eager",
        progress=progress,
    )
    use_onednn_linears(loaded.model)
    work = Work(plan, fingerprint, progress, CIRCUITS_WORK)
    chosen = _fact_ids(plan, told, settings)
    questions = ask(loaded.tokenizer, told, texts, chosen, loaded.parts.context).asked
    answered = answers.answer(loaded, questions, progress, work.parts)
    asked = all_asked(loaded.tokenizer, told, texts, questions)
    right = _right(asked, answered, plan, settings)
    known = answers.known(answered)
    taken = _with_circuit(plan, told, known, settings)
    some = cases(taken, right, settings.contrasts, settings.held_out, settings.seed)
    some = [c for c in some if c.chosen_on]
    if not some:
        progress.say(
            "the model knows none of the facts asked, or none in a wording in which it knows "
            "another: ask more with --facts, or choose another model or checkpoint"
        )
    asking = None if settings.like else Asking.of(asked, told, known)
    layout = Layout.of(loaded.parts)
    made = all_rows(loaded, layout, some, asking, settings, work, progress)
    sets = {q.fact_id: q.fact_set for q in questions}
    made["circuit_interventions"] = as_table(
        "circuit_interventions", made["circuit_interventions"], sets
    )
    judged = verdict_tables.tables(made["circuit_interventions"], told, set(known))
    made |= dict(zip(OF_SCORECARDS, judged, strict=True))
    notes = {"settings": asdict(settings), "facts_asked": len(chosen), "facts_known": len(known)}
    for name in OF_CIRCUITS:
        by_key = [(column, "ascending") for column in CIRCUITS[name].key]
        rows = made[name] if name in OF_SCORECARDS else as_table(name, made[name], sets)
        plan.lake.write(plan.model, name, rows.sort_by(by_key), fingerprint, **notes)
    work.finish()
    return {"circuit_units": {"facts": len(some)}}


def _fact_ids(plan: AtlasPlan, told: pa.Table, settings: CircuitSettings) -> list[int]:
    chosen = set(facts.first_of_each(told, settings.facts))
    if settings.like:
        of_last = plan.lake.read(lakes.model(settings.like), "contrasts")
        for column in ("fact_id", "prompt_fact_id", "contrast_fact_id"):
            chosen |= {i for i in of_last[column].to_pylist() if i is not None}
    return sorted(chosen)


def _right(
    asked: Sequence[Asked], answered: pa.Table, plan: AtlasPlan, settings: CircuitSettings
) -> list[Asked]:
    """The prompts that the model answers right; at an earlier step those that the last one does, so
    that curves over steps are of the same prompts.
    """
    wanted = answers.right(answered)
    if settings.like:
        of_last = plan.lake.read(lakes.model(settings.like), "contrasts").to_pylist()
        wanted = {(r["prompt_fact_id"], r["prompt"]) for r in of_last}
        wanted |= {
            (r["contrast_fact_id"], r["prompt"])
            for r in of_last
            if r["contrast_fact_id"] is not None
        }
    return [one for one in asked if one.key in wanted]


def _with_circuit(
    plan: AtlasPlan, told: pa.Table, known: Sequence[int], settings: CircuitSettings
) -> list[int]:
    if settings.like:
        of_last = plan.lake.read(lakes.model(settings.like), "circuit_units", ["fact_id"])
        return sorted(set(of_last["fact_id"].to_pylist()))
    relation = dict(zip(told["fact_id"].to_pylist(), told["relation"].to_pylist(), strict=True))
    taken: dict[str, list[int]] = {}
    for fact in known:
        of_relation = taken.setdefault(relation[fact], [])
        if len(of_relation) < settings.known:
            of_relation.append(fact)
    return sorted(i for of_relation in taken.values() for i in of_relation)
