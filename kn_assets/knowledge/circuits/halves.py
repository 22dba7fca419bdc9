"""The work on each fact's circuit: units chosen, measured, and changed where they stand.

Each stage has a part a fact, so that a killed run goes on at the fact that it was at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kn_assets.knowledge.circuits.cases import Case
from kn_assets.knowledge.circuits.connections import OF_CONNECTIONS
from kn_assets.knowledge.circuits.settings import CircuitSettings
from kn_assets.knowledge.work import Part, Work
from kn_assets.lake.schema import CIRCUITS
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.atlas.direct.layout import Layout
    from kn_assets.knowledge.circuits.choose import Chosen
    from kn_assets.knowledge.circuits.scorecards import Asking
    from kn_assets.models.load import LoadedModel

CHOSEN = ("contrasts", "unit_attributions", "circuit_units", *OF_CONNECTIONS)
"""Tables of the first stage; the second adds what was measured to the units."""
Row = dict[str, Any]
Units = dict[int, dict[str, list["Chosen"]]]
"""Of each fact its circuits."""


def all_rows(
    loaded: LoadedModel,
    layout: Layout,
    some: Sequence[Case],
    asking: Asking | None,
    settings: CircuitSettings,
    work: Work,
    progress: Progress,
) -> dict[str, pa.Table]:
    """The tables of `CHOSEN`, `circuit_curves` and `circuit_interventions`, without fact sets.

    asking: what else was asked; without it nothing is suppressed. Raises KnError where a gradient
    isn't finite, or a block overflows.
    """
    names = [str(c.fact_id) for c in some]

    def choosing(left: list[int]) -> Iterator[Part]:
        from kn_assets.knowledge.circuits import choosing as first

        with progress.bar("circuits", len(some), "facts", len(some) - len(left)) as bar:
            for i in left:
                made = first.first_half(layout, loaded.tokenizer, some[i], settings)
                yield tuple(as_table(name, made[name]) for name in CHOSEN)
                bar.advance()

    halves = work.parts("circuits", names, choosing)
    units = {c.fact_id: _circuits(half[2]) for c, half in zip(some, halves, strict=True)}
    measured = _measured(loaded, layout, some, units, settings, work, progress)
    changed = _changed(loaded, layout, some, units, asking, settings, work, progress)
    found = {
        name: pa.concat_tables([as_table(name, []), *(half[i] for half in halves)])
        for i, name in enumerate(CHOSEN)
    }
    for name, parts in (
        ("circuit_curves", [part[0] for part in measured]),
        ("circuit_interventions", [part[0] for part in changed]),
    ):
        found[name] = pa.concat_tables([as_table(name, []), *parts])
    found["contrasts"] = pa.concat_tables([found["contrasts"], *(part[2] for part in measured)])
    found["circuit_units"] = _joined(found["circuit_units"], [part[1] for part in measured])
    return found


def _measured(
    loaded: LoadedModel,
    layout: Layout,
    some: Sequence[Case],
    units: Units,
    settings: CircuitSettings,
    work: Work,
    progress: Progress,
) -> list[Part]:
    """Of each fact its curves, what its units carry, and the contrasts measured on."""

    def make(left: list[int]) -> Iterator[Part]:
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
                    as_table("circuit_curves", found.curves),
                    as_table("circuit_units", effects),
                    as_table("contrasts", found.contrasts),
                )
                bar.advance()

    return work.parts("curves", [str(c.fact_id) for c in some], make)


def _changed(
    loaded: LoadedModel,
    layout: Layout,
    some: Sequence[Case],
    units: Units,
    asking: Asking | None,
    settings: CircuitSettings,
    work: Work,
    progress: Progress,
) -> list[Part]:
    """Of each fact its answers before and after interventions."""
    if asking is None:
        return []

    def make(left: list[int]) -> Iterator[Part]:
        from kn_assets.knowledge.circuits.scorecards import interventions

        with progress.bar("interventions", len(some), "facts", len(some) - len(left)) as bar:
            for i in left:
                own = units[some[i].fact_id]["all"]
                rows = interventions(
                    layout, loaded.tokenizer, some[i], own[: settings.changed], asking, settings
                )
                yield (as_table("circuit_interventions", rows),)
                bar.advance()

    return work.parts("interventions", [str(c.fact_id) for c in some], make)


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


def as_table(
    name: str, rows: Sequence[Row] | pa.Table, sets: dict[int, str] | None = None
) -> pa.Table:
    """Rows as a table; with the fact set of each where it is known."""
    schema = CIRCUITS[name].schema
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows), schema)
    if sets is None:
        return table
    of = pa.array([sets[i] for i in table["fact_id"].to_pylist()], pa.string())
    return table.set_column(schema.get_field_index("fact_set"), schema.field("fact_set"), of)
