"""What Dagster's own page and daemon do with the lake: partitions, pools, runs that died."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.execution.api import create_execution_plan
from dagster._core.test_utils import create_test_daemon_workspace_context, load_remote_repo
from dagster._core.workspace.load_target import ModuleTarget
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import (
    QueuedRunCoordinatorDaemon,
)

from kn_assets.cli.parser import main
from kn_assets.definitions import defs
from kn_assets.lake import Lake
from kn_assets.launch import store
from kn_assets.launch.run import register
from kn_assets.progress import Progress
from tests import forked, small
from tests.launch.test_run import ROOT, in_process
from tests.made import make_lake

Status = dg.DagsterRunStatus


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "lake" / "dagster"))
    monkeypatch.setenv("KN_DATA", str(tmp_path / "lake"))
    return Lake(tmp_path / "lake")


def until(holds: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_partitions_are_made_known_by_a_command(
    lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    make_lake(lake.root, "own@step10")
    assert main(["--data", str(lake.root), "partitions", "--model", "org/other"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        *("corpora geonames", "corpora made", "corpora wikipedia"),
        *("models gpt2", "models other", "models own@step10", "models smollm2-135m"),
        *("trainings geo-gpt2", "trainings own"),
    ]
    with store.opened(lake) as instance:
        assert "own@step10" in instance.get_dynamic_partitions("models")


def test_one_run_of_a_pool_at_a_time(lake: Lake) -> None:
    """Two models' partitions are asked for at once: the second waits in Dagster's queue."""
    register(lake, ["one", "two"])
    target = ModuleTarget("kn_assets.definitions", None, str(ROOT), "kn")
    with (
        store.opened(lake) as instance,
        create_test_daemon_workspace_context(target, instance) as context,
    ):
        daemon = QueuedRunCoordinatorDaemon(interval_seconds=1)
        job = next(iter(load_remote_repo(context, "__repository__").get_all_jobs()))
        asked = frozenset({dg.AssetKey("tokens")})
        wanted = defs().resolve_implicit_global_asset_job_def().get_subset(asset_selection=asked)
        ids = []
        for key in ("one", "two"):
            run = instance.create_run_for_job(
                wanted,
                execution_plan=create_execution_plan(wanted),
                asset_selection=asked,
                tags={"dagster/partition": key},
                remote_job_origin=job.get_remote_origin(),
                job_code_origin=job.get_python_origin(),
                status=Status.NOT_STARTED,
            )
            ids.append(run.run_id)
            instance.submit_run(run.run_id, context.create_request_context())

        def states() -> list[Status]:
            list(daemon.run_iteration(context))
            return [instance.get_run_by_id(i).status for i in ids]

        with lake.writing():  # the first waits for the lake in its process, and so doesn't end
            until(lambda: states()[0] == Status.STARTED)
            assert states() == [Status.STARTED, Status.QUEUED]
        until(lambda: states()[0] in (Status.SUCCESS, Status.FAILURE))
        until(lambda: states()[1] not in (Status.QUEUED, Status.STARTING))


def test_settings_that_someone_wrote_stay_and_earlier_ones_of_ours_do_not(lake: Lake) -> None:
    home = store.dagster_home(lake)
    config = home / "dagster.yaml"
    assert "default_limit: 1" in config.read_text()
    config.write_text(store._EARLIER)
    store.dagster_home(lake)
    assert "default_limit: 1" in config.read_text()
    config.write_text(own := "concurrency:\n  pools:\n    default_limit: 3\n")
    store.dagster_home(lake)
    assert config.read_text() == own


def test_a_killed_run_is_told_as_failed_and_others_are_left_alone(lake: Lake) -> None:
    request = replace(small.request(lake.root.parent), only=("tokens",))
    request.corpus.make(request.corpus.tables, Progress())
    halted = lake.root.parent / "halted"
    command = in_process(
        lake.root.parent, lake.root, ["tests.launch.halting_run", "tokens", str(halted)]
    )
    job = defs().resolve_implicit_global_asset_job_def()
    with forked.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            until(halted.exists)
            register(lake)  # while it runs it isn't dead
            with store.opened(lake) as instance:
                (dead,) = instance.get_runs(dg.RunsFilter(statuses=[Status.STARTED]))
                other = instance.create_run_for_job(job, status=Status.STARTED)
        finally:
            process.send_signal(signal.SIGKILL)
    register(lake)
    with store.opened(lake) as instance:
        assert instance.get_run_by_id(dead.run_id).status == Status.FAILURE
        assert instance.get_run_by_id(other.run_id).status == Status.STARTED
