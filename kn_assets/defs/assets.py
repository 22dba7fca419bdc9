"""From a plan to Dagster assets: a table each, with its words, its columns and blocking checks.

What an asset does is the same for all: make what the run selects, check it, note how the checks
went, and show the table. Only what differs is said where `assets` is called.
"""

import base64
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from kn_assets import checks
from kn_assets.checks import Outcome
from kn_assets.defs import plots
from kn_assets.defs.resources import REQUIRED, family
from kn_assets.lake import plan as plans
from kn_assets.lake.plan import Plan, awaits_checks
from kn_assets.lake.schema import ALL
from kn_assets.progress import Progress

Context = dg.AssetExecutionContext
Checks = Mapping[str, Mapping[str, Callable[[Any, Mapping[str, Any]], Outcome]]]
"""Table -> name of a check -> what makes it, out of the plan and the figures of making the table:
for checks that the table alone doesn't tell."""


def assets(
    plan: type[Plan],
    opened: Callable[[Context], Plan],
    *,
    group: str,
    kinds: str | Mapping[str, str],
    pool: str,
    name: str = "",
    elsewhere: Collection[str] = (),
    more_checks: Checks | None = None,
    after: Callable[[Context, Any, str], None] | None = None,
) -> list[dg.AssetsDefinition]:
    """The assets of a plan's tables: those of its one pass in one step, the others one by one.

    opened: the plan of the partition that a run is of. kinds: what Dagster's page shows an asset
    to be made with, by table where it differs. name: of the one pass' step. elsewhere: inputs that
    lie in other partitions than the table, of the same kind. after: called when a table is made.
    """
    own = more_checks or {}

    def step(tables: Sequence[str], step_name: str) -> dg.AssetsDefinition:
        divisible = plan.divisible and len(tables) > 1

        @dg.multi_asset(
            name=step_name,
            specs=[
                _spec(
                    table,
                    [_dep(i, table, i in elsewhere) for i in plan.inputs.get(table, ())],
                    group=group,
                    kind=kinds if isinstance(kinds, str) else kinds[table],
                    skippable=divisible,
                )
                for table in tables
            ],
            check_specs=[
                dg.AssetCheckSpec(check, asset=table, blocking=True)
                for table in tables
                for check in (*checks.names(table), *own.get(table, ()))
            ],
            partitions_def=family(tables[0]),
            required_resource_keys=REQUIRED,
            can_subset=divisible,
            pool=pool,
        )
        def make(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
            selected = {key.to_user_string() for key in context.selected_asset_keys}
            of = opened(context)
            for table, figures in _made(
                of,
                [t for t in tables if t in selected],
                own,
                context.resources.progress.of(context),
            ):
                if after:
                    after(context, of, table)
                more = [check(of, figures) for check in own.get(table, {}).values()]
                yield shown(of, table, figures, more)

        return make

    alone = [step([table], table) for table in plan.tables if table not in plan.one_pass]
    return [step(plan.one_pass, name), *alone] if plan.one_pass else alone


def _made(
    plan: Plan, tables: list[str], own: Checks, progress: Progress
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Make tables; gives each with its figures. What a killed run left unchecked stays as it is,
    unless its checks need the figures.
    """
    left = [t for t in tables if t in own or not awaits_checks(plan, t)]
    if left and not plan.divisible:
        left = tables
    plans.check_inputs(plan, left)
    figures = plan.make(left, progress) if left else {}
    for table in tables:
        yield table, figures.get(table, {})


def _spec(
    table: str, deps: Iterable[dg.AssetDep], *, group: str, kind: str, skippable: bool
) -> dg.AssetSpec:
    """The asset of a table: its meaning and columns come from the schema."""
    meaning = ALL[table]
    columns = [
        dg.TableColumn(c.name, str(c.type), description=c.meaning or None) for c in meaning.columns
    ]
    return dg.AssetSpec(
        table,
        description=meaning.meaning,
        deps=deps,
        skippable=skippable,
        group_name=group,
        kinds={"parquet", kind},
        owners=["team:knowledge-neurons"],
        metadata={"dagster/column_schema": dg.TableSchema(columns)},
    )


def _dep(stands_on: str, table: str, elsewhere: bool) -> dg.AssetDep:
    """Of another family of partitions none of Dagster's mappings says which: it is told all."""
    if elsewhere or family(stands_on) != family(table):
        return dg.AssetDep(stands_on, partition_mapping=dg.AllPartitionMapping())
    return dg.AssetDep(stands_on)


def shown(
    plan: Plan,
    table: str,
    figures: Mapping[str, Any] | None = None,
    more_checks: Iterable[Outcome] = (),
) -> dg.MaterializeResult:
    """Check a table that was just written, note how that went, and show the table: rows, bytes,
    first rows, a picture.
    """
    lake, partition = plan.lake, plan.partition
    meta = lake.meta(partition, table)
    assert meta is not None
    outcomes = [*checks.run(lake, partition, table), *more_checks]
    failed = [o.name for o in outcomes if not o.passed]
    lake.note_checks(partition, table, failed)
    metadata: dict[str, Any] = {
        "dagster/row_count": meta["rows"],
        "bytes": sum(f.stat().st_size for f in lake.files(partition, table)),
        "fingerprint": meta["fingerprint"],
        "preview": dg.MetadataValue.md(plots.preview(lake, partition, table)),
        **(figures or {}),
    }
    # A table that fails its checks may hold what can't be drawn.
    picture = None if failed else plots.plot(lake, partition, table)
    if picture is not None:
        encoded = base64.b64encode(picture).decode()
        metadata["plot"] = dg.MetadataValue.md(f"![{table}](data:image/png;base64,{encoded})")
    return dg.MaterializeResult(
        asset_key=table,
        metadata=metadata,
        check_results=[
            dg.AssetCheckResult(
                passed=outcome.passed,
                check_name=outcome.name,
                asset_key=table,
                metadata={"detail": outcome.detail, **outcome.metadata},
            )
            for outcome in outcomes
        ],
    )
