"""`kn run`: launches the assets whose tables aren't there yet, in this process, and shows progress.

It is no second pipeline: it works out which tables are stale and materializes those assets, with
the run and its events kept in the Dagster home, where `dg dev` shows them. A fresh table is never
made again, and where none is stale neither Dagster nor torch is imported.
"""

from __future__ import annotations

import os
import signal
from dataclasses import asdict
from pathlib import Path

from kn_assets.atlas.estimate import check_fits
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.database import database
from kn_assets.errors import KnError
from kn_assets.knowledge.tables import OF_MODEL
from kn_assets.knowledge.work import tidy as tidy_knowledge
from kn_assets.lake import Lake, Partition, write_text
from kn_assets.lake.lake import FAILED_CHECKS
from kn_assets.launch.request import Request


def run(request: Request) -> bool:
    """Make whatever is stale; True where anything was. Raises KnError where it can't be made."""
    request.atlas.checked()
    request.lake.make(request.lake.root)
    request.lake.recover()
    corpus = request.corpus  # a bad name is told before any work
    atlas = request.plan.model
    _refuse_other_corpus(request)
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
    knowledge = _run_knowledge(request) if request.knowledge else False
    database.keep_current(request.lake)  # a killed run left it as it was
    return bool(stale or tables or knowledge)


def _tidy(plan: AtlasPlan) -> None:
    from kn_assets.atlas.extract import tidy

    tidy(plan)


def _run_knowledge(request: Request) -> bool:
    told = request.stale_facts()
    if told:
        materialize(request, request.corpus.partition, told)
    tables = request.stale_knowledge()
    if not set(tables) & set(OF_MODEL):
        tidy_knowledge(request.plan)
    if tables:
        materialize(request, request.plan.model, tables)
    return bool(told or tables)


def _refuse_other_corpus(request: Request) -> None:
    """An atlas is of one corpus: another one would replace it, which must be asked for."""
    if request.force or request.lake.meta(request.plan.model, "atlases") is None:
        return
    held = request.lake.read(request.plan.model, "atlases", ["corpus"])["corpus"][0].as_py()
    if held != request.corpus.partition.key:
        raise KnError(
            f"atlas {request.plan.model.key} holds corpus {held}: give --force to replace it, or "
            "--data (or KN_DATA) with another folder to have both"
        )


def dagster_home(lake: Lake) -> Path:
    """$DAGSTER_HOME, or a folder of the lake which is made for it, telemetry and greetings off."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(lake.root / "dagster")))
    lake.make(home)
    if not (home / "dagster.yaml").exists():
        write_text(home / "dagster.yaml", "telemetry:\n  enabled: false\nnux:\n  enabled: false\n")
    return home


def register(lake: Lake) -> None:
    """Make the partitions that everybody has known in Dagster's own UI."""
    import dagster as dg

    from kn_assets.training.settings import TrainSettings

    dagster_home(lake)
    with dg.DagsterInstance.get() as instance:
        instance.add_dynamic_partitions("corpora", ["geonames", "wikipedia"])
        instance.add_dynamic_partitions("models", ["smollm2-135m", "gpt2"])
        instance.add_dynamic_partitions("trainings", [TrainSettings().name])


def materialize(request: Request, partition: Partition, tables: list[str]) -> None:
    """Materialize the assets of some tables of a partition, whether stale or not."""
    import dagster as dg
    from dagster._core.errors import DagsterAssetCheckFailedError  # not among the public ones

    from kn_assets.definitions import defs
    from kn_assets.defs.resources import family, resources

    dagster_home(request.lake)
    handlers = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
    assets = [a for a in defs().assets or () if isinstance(a, dg.AssetsDefinition)]
    with dg.DagsterInstance.get() as instance:
        instance.add_dynamic_partitions(str(family(tables[0]).name), [partition.key])
        try:
            dg.materialize(
                assets,
                selection=dg.AssetSelection.assets(*tables),
                partition_key=partition.key,
                instance=instance,
                resources=resources(
                    str(request.lake.root),
                    terminal=True,
                    atlas=asdict(request.atlas),
                    wiki=request.wiki_given,
                    knowledge=asdict(request.knowledge) if request.knowledge else None,
                    afresh=True,
                ),
                # Events go to the instance; the terminal shows progress instead.
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                raise_on_error=True,
            )
        except DagsterAssetCheckFailedError:
            raise KnError(_failed_checks(request.lake, partition, tables)) from None
        except Exception as e:
            raise _plain(e) from None
        finally:  # Dagster puts its own in their place, which the app that follows must not keep
            for number, handler in handlers.items():
                signal.signal(number, handler)


def _failed_checks(lake: Lake, partition: Partition, tables: list[str]) -> str:
    """Which checks of some tables failed, in words."""
    notes = {table: lake.meta(partition, table) or {} for table in tables}
    failed = [
        f"{t}.{check}" for t, note in notes.items() for check in note.get(FAILED_CHECKS) or ()
    ]
    return f"checks failed: {'; '.join(failed)}. `dg dev` shows why"


def _plain(error: BaseException) -> BaseException:
    """The KnError that a failed step wraps, or the error itself."""
    chain: list[BaseException] = []
    seen: BaseException | None = error
    while seen is not None and seen not in chain:  # contexts may run in circles
        if isinstance(seen, KnError):
            return seen
        chain.append(seen)
        seen = seen.__cause__ or seen.__context__
    return error
