"""`kn run`: launches the assets whose tables aren't there yet, in this process, and shows progress.

It is no second pipeline: it works out which tables are stale and materializes those assets, with
the run and its events kept in the Dagster home, where `dg dev` shows them. A fresh table is never
made again, and where none is stale neither Dagster nor torch is imported. A run is the lake's one
writer from its begin to its end.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from kn_assets.atlas.estimate import check_fits
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.corpora.names import names
from kn_assets.database import database
from kn_assets.errors import KnError
from kn_assets.knowledge.tables import OF_MODEL
from kn_assets.knowledge.work import CIRCUITS as CIRCUITS_WORK
from kn_assets.knowledge.work import tidy as tidy_knowledge
from kn_assets.lake import Lake, Partition
from kn_assets.launch import failures, store
from kn_assets.launch.refusals import refuse
from kn_assets.launch.request import Request
from kn_assets.launch.store import dagster_home
from kn_assets.models.source import resolve

__all__ = ["dagster_home", "materialize", "register", "run"]

USUAL = ("smollm2-135m", "gpt2")
"""Models whose partitions are offered before there is an atlas of them."""


def run(request: Request) -> bool:
    """Make whatever is stale; True where anything was. Raises KnError where it can't be made."""
    request.atlas.checked()
    request.lake.make(request.lake.root)
    # The views are written even if nothing is stale: a killed run left them as they were.
    with request.lake.writing(request.wait), database.kept_at_end(request.lake):
        return _run(request)


def _run(request: Request) -> bool:
    request.lake.recover()
    corpus = request.corpus  # a bad name is told before any work
    atlas = request.plan.model
    refuse(request)
    stale = request.stale_corpus()
    if stale:
        materialize(request, corpus.partition, stale)
    tables = request.stale_atlas()
    if tables:
        if "atlases" not in tables:
            request.plan.check_same()
        check_fits(request.plan, tables)
        materialize(request, atlas, tables)
    else:
        _tidy(request.plan)
    told = _run_facts(request) if request.knowledge or request.circuits else False
    knowledge = _run_knowledge(request) if request.knowledge else False
    circuits = _run_circuits(request) if request.circuits else False
    return bool(stale or tables or told or knowledge or circuits)


def _tidy(plan: AtlasPlan) -> None:
    from kn_assets.atlas.extract import tidy

    tidy(plan)


def _run_facts(request: Request) -> bool:
    told = request.stale_facts()
    if told:
        materialize(request, request.corpus.partition, told)
    return bool(told)


def _run_circuits(request: Request) -> bool:
    tables = request.stale_circuits()
    if tables:
        materialize(request, request.plan.model, tables)
    else:
        tidy_knowledge(request.plan, CIRCUITS_WORK)
    return bool(tables)


def _run_knowledge(request: Request) -> bool:
    tables = request.stale_knowledge()
    if not set(tables) & set(OF_MODEL):
        tidy_knowledge(request.plan)
    if tables:
        materialize(request, request.plan.model, tables)
    return bool(tables)


def _facts_asked(request: Request) -> dict[str, Any]:
    """The settings of knowledge; without any, those that the tables of facts need."""
    if request.knowledge:
        return asdict(request.knowledge)
    return {"fact_file": request.fact_file}


def register(lake: Lake, models: Sequence[str] = ()) -> dict[str, list[str]]:
    """Make partitions known to Dagster's page: those of the lake, those that everybody has, and the
    atlases of `models`. Returns all that are known, by family.

    Runs of `kn` that died are told as failed, unless something writes to the lake now. Raises
    KnError for a model's name that can't be one.
    """
    import dagster as dg

    from kn_assets.definitions import defs
    from kn_assets.training.settings import TrainSettings
    from kn_assets.training.steps.checkpoints import step_of

    atlases = [atlas.key for atlas in lake.partitions("model")]
    steps = {key.partition("@")[0] for key in atlases if step_of(key) is not None}
    partitions = {
        "corpora": [*names(), *(corpus.key for corpus in lake.partitions("corpus"))],
        "models": [*USUAL, *atlases, *(resolve(name).key for name in models)],
        "trainings": [TrainSettings().name, *sorted(steps)],
    }
    lake.make(lake.root)
    with store.opened(lake) as instance:
        with contextlib.suppress(KnError), lake.writing(wait=False):
            store.end_dead_runs(lake, instance)
        for asset in defs().assets or ():
            # Else the queue learns of a pool's limit only after the first runs that it lets go.
            if isinstance(asset, dg.AssetsDefinition) and (pool := asset.op.pool):
                instance.event_log_storage.initialize_concurrency_limit_to_default(pool)
        for family, keys in partitions.items():
            instance.add_dynamic_partitions(family, keys)
        return {family: sorted(instance.get_dynamic_partitions(family)) for family in partitions}


def materialize(request: Request, partition: Partition, tables: list[str]) -> None:
    """Materialize the assets of some tables of a partition, whether stale or not.

    Raises KnError where a table can't be made or fails its checks, and KeyboardInterrupt where the
    run was stopped.
    """
    import dagster as dg

    # not among the public ones
    from dagster._core.errors import DagsterAssetCheckFailedError, DagsterExecutionInterruptedError

    from kn_assets.definitions import defs
    from kn_assets.defs.resources import family, resources

    lake = request.lake
    assets = [a for a in defs().assets or () if isinstance(a, dg.AssetsDefinition)]
    try:
        with lake.writing(request.wait), _given_back(), store.opened(lake) as instance:
            store.end_dead_runs(lake, instance)
            instance.add_dynamic_partitions(str(family(tables[0]).name), [partition.key])
            dg.materialize(
                assets,
                selection=dg.AssetSelection.assets(*tables),
                partition_key=partition.key,
                instance=instance,
                resources=resources(
                    str(lake.root),
                    terminal=True,
                    atlas=asdict(request.atlas),
                    wiki=request.wiki_given,
                    knowledge=_facts_asked(request),
                    circuits=asdict(request.circuits) if request.circuits else None,
                    afresh=True,
                ),
                # Events go to the instance; the terminal shows progress instead.
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                raise_on_error=True,
                tags=store.tags(lake),
            )
    except DagsterAssetCheckFailedError:
        raise failures.failed_checks(lake, partition, tables) from None
    except DagsterExecutionInterruptedError:
        raise KeyboardInterrupt from None
    except Exception as e:
        raise failures.plainly(lake, e, partition, tables) from None


@contextlib.contextmanager
def _given_back() -> Iterator[None]:
    """What Dagster puts its own in place of, and not always back: the handlers of signals, which
    the app that follows must not keep, and the terminal's output, whose file in Dagster's store
    stays in place where that can't be written.
    """
    handlers = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
    files = {}
    for number in (1, 2):
        with contextlib.suppress(OSError):  # closed by who started this
            files[number] = os.dup(number)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number, kept in files.items():
            os.dup2(kept, number)
            os.close(kept)
