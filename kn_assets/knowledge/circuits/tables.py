"""The tables about circuits: which facts get one, and both halves of the work on each.

In float32, as all that asks a model about facts. A killed run goes on at the fact that it was at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa

from kn_assets import lake as lakes
from kn_assets.atlas.plan import AtlasPlan, OnAtlas
from kn_assets.knowledge import answers, facts
from kn_assets.knowledge.circuits.cases import Case, cases
from kn_assets.knowledge.circuits.connections import OF_CONNECTIONS
from kn_assets.knowledge.circuits.contrasts import Asked, all_asked
from kn_assets.knowledge.circuits.settings import CircuitSettings
from kn_assets.knowledge.fact_tables import OF_CORPUS
from kn_assets.knowledge.questions import Question, ask
from kn_assets.knowledge.work import CIRCUITS as CIRCUITS_WORK
from kn_assets.knowledge.work import Part, Work
from kn_assets.lake.plan import Figures
from kn_assets.lake.schema import CIRCUITS
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.atlas.direct.layout import Layout
    from kn_assets.knowledge.circuits.choose import Chosen
    from kn_assets.models.load import LoadedModel

CHOSEN = ("contrasts", "unit_attributions", "circuit_units", *OF_CONNECTIONS)
"""Tables of the first half; the second adds what was measured to the units."""
OF_CIRCUITS = (*CHOSEN, "circuit_curves")
Row = dict[str, Any]


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
    right = _right(loaded, told, texts, questions, answered, plan, settings)
    known = answers.known(answered)
    taken = _with_circuit(plan, told, known, settings)
    some = cases(taken, right, settings.contrasts, settings.held_out, settings.seed)
    some = [c for c in some if c.chosen_on]
    if not some:
        progress.say(
            "the model knows none of the facts asked, or none in a wording in which it knows "
            "another: ask more with --facts, or choose another model or checkpoint"
        )
    made = _rows(loaded, Layout.of(loaded.parts), some, settings, work, progress)
    sets = {q.fact_id: q.fact_set for q in questions}
    notes = {"settings": asdict(settings), "facts_asked": len(chosen), "facts_known": len(known)}
    for name in OF_CIRCUITS:
        by_key = [(column, "ascending") for column in CIRCUITS[name].key]
        rows = _table(name, made[name], sets).sort_by(by_key)
        plan.lake.write(plan.model, name, rows, fingerprint, **notes)
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
    loaded: LoadedModel,
    told: pa.Table,
    texts: pa.Table,
    questions: Sequence[Question],
    answered: pa.Table,
    plan: AtlasPlan,
    settings: CircuitSettings,
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
    asked = all_asked(loaded.tokenizer, told, texts, questions)
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


def _rows(
    loaded: LoadedModel,
    layout: Layout,
    some: Sequence[Case],
    settings: CircuitSettings,
    work: Work,
    progress: Progress,
) -> dict[str, pa.Table]:
    names = [str(c.fact_id) for c in some]

    def choosing(left: list[int]) -> Iterator[Part]:
        from kn_assets.knowledge.circuits import choosing as first

        with progress.bar("circuits", len(some), "facts", len(some) - len(left)) as bar:
            for i in left:
                made = first.first_half(layout, loaded.tokenizer, some[i], settings)
                yield tuple(_table(name, made[name]) for name in CHOSEN)
                bar.advance()

    halves = work.parts("circuits", names, choosing)
    units = {c.fact_id: _circuits(half[2]) for c, half in zip(some, halves, strict=True)}

    def measuring(left: list[int]) -> Iterator[Part]:
        from kn_assets.knowledge.circuits.carrying import beside, carrying
        from kn_assets.knowledge.circuits.measuring import another, measure

        with progress.bar("curves", len(some), "facts", len(some) - len(left)) as bar:
            for i in left:
                case = some[i]
                own, at = units[case.fact_id], another(i, some)
                other = [] if at is None else units[some[at].fact_id]["all"]
                found = measure(layout, case, own, other, settings)
                of_relation = [c for c in some if c.relation == case.relation]
                effects = carrying(
                    layout, loaded.tokenizer, case, own["all"], beside(case, of_relation)
                )
                yield (
                    _table("circuit_curves", found.curves),
                    _table("circuit_units", effects),
                    _table("contrasts", found.contrasts),
                )
                bar.advance()

    measured = work.parts("curves", names, measuring)
    found = {
        name: pa.concat_tables([_table(name, []), *(half[i] for half in halves)])
        for i, name in enumerate(CHOSEN)
    }
    found["circuit_curves"] = pa.concat_tables(
        [_table("circuit_curves", []), *(part[0] for part in measured)]
    )
    found["contrasts"] = pa.concat_tables([found["contrasts"], *(part[2] for part in measured)])
    found["circuit_units"] = _joined(found["circuit_units"], [part[1] for part in measured])
    return found


def _circuits(units: pa.Table) -> dict[str, list[Chosen]]:
    """Chosen units out of rows of `circuit_units`, in their order."""
    from kn_assets.knowledge.circuits.choose import Chosen
    from kn_assets.knowledge.circuits.roles import Place

    found: dict[str, list[Chosen]] = {"all": []}
    for row in units.to_pylist():
        place = Place(row["role"], row["subject_offset"])
        one = Chosen(row["kind"], row["layer"], row["unit"], place, row["score"])
        found.setdefault(row["circuit"], []).append(one)
    return found


def _joined(units: pa.Table, measured: Sequence[pa.Table]) -> pa.Table:
    """Units with what was measured of them."""
    key = ("fact_id", "circuit", "rank")
    told = {tuple(r[k] for k in key): r for part in measured for r in part.to_pylist()}
    new = [c for c in units.column_names if c.startswith("effect") or c == "carries"]
    keys = zip(*(units[k].to_pylist() for k in key), strict=True)
    rows = [told.get(k, {}) for k in keys]
    for name in new:
        at = units.schema.get_field_index(name)
        field = units.schema.field(name)
        units = units.set_column(at, field, pa.array([r.get(name) for r in rows], field.type))
    return units


def _table(
    name: str, rows: Sequence[Row] | pa.Table, sets: dict[int, str] | None = None
) -> pa.Table:
    """Rows as a table; with the fact set of each where it is known."""
    schema = CIRCUITS[name].schema
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows), schema)
    if sets is None:
        return table
    of = pa.array([sets[i] for i in table["fact_id"].to_pylist()], pa.string())
    return table.set_column(schema.get_field_index("fact_set"), schema.field("fact_set"), of)
