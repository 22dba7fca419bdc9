"""Dagster's store and the ends of runs: damaged, died, stopped, failed; each said in one line."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from kn_assets.cli.parser import main
from kn_assets.definitions import defs
from kn_assets.defs.resources import resources
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.launch import failures, store
from kn_assets.launch.request import Request
from kn_assets.launch.run import run
from kn_assets.progress import Progress
from tests import forked, small
from tests.launch.test_run import ROOT, in_process


@pytest.fixture
def request_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    """Tokens of an atlas are asked for, whose corpus is there; the store lies in the lake."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "lake" / "dagster"))
    request = replace(small.request(tmp_path), only=("tokens",))
    request.corpus.make(request.corpus.tables, Progress())
    return request


@pytest.mark.parametrize(
    "name", ["history/runs.db", "history/runs/index.db", "schedules/schedules.db", "dagster.yaml"]
)
def test_a_damaged_store_is_set_aside(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    lake = Lake(tmp_path / "lake")
    monkeypatch.setenv("DAGSTER_HOME", str(lake.root / "dagster"))
    with store.opened(lake) as instance:
        instance.add_dynamic_partitions("models", ["kept"])
    home = lake.root / "dagster"
    assert store.damage(home) is None
    content = (home / name).read_bytes()
    (home / name).write_bytes(content[:20] + os.urandom(4096) + content[4116:])
    with store.opened(lake) as instance:
        assert instance.get_dynamic_partitions("models") == []
        assert store.damage(home) is None
    (aside,) = lake.root.glob("dagster.damaged-*")
    assert (aside / name).exists()
    assert capsys.readouterr().err.count("\n") == 1


def test_a_store_that_is_not_the_lakes_own_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    (home / "dagster.yaml").write_text("a: b: c")
    with pytest.raises(KnError, match="mend it or unset DAGSTER_HOME"):
        store.opened(Lake(tmp_path / "lake")).__enter__()
    assert (home / "dagster.yaml").read_text() == "a: b: c"


def test_a_step_that_fails_is_one_line_and_its_traceback_is_kept(
    request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a shape\nof two lines")

    monkeypatch.setattr("kn_assets.atlas.extract.extract", broken)
    with pytest.raises(KnError, match=r"can't be made \(ValueError: a shape\): the whole") as told:
        run(request_)
    assert "\n" not in str(told.value)
    kept = Path(str(told.value).rsplit(" ", 1)[1]).read_text()
    assert "in broken" in kept and "of two lines" in kept


@pytest.mark.parametrize("home", [".", "of nobody"])
def test_a_full_disk_in_dagsters_store_is_said_plainly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / home))
    try:
        try:
            raise sqlite3.OperationalError("database or disk is full")
        except sqlite3.Error as e:
            raise RuntimeError("writing an event failed") from e
    except RuntimeError as e:
        lake = Lake(tmp_path)
        told = failures.plainly(lake, e, small.request(tmp_path).plan.model, ["tokens"])
    assert str(told).startswith(f"the disk of {tmp_path} is full: free some space or set KN_DATA")
    assert not list(tmp_path.glob("logs/*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_says_one_line(request_: Request, number: signal.Signals) -> None:
    """Within a step, where Dagster has its own ways with signals."""
    folder, root = request_.lake.root.parent, request_.lake.root
    halted = folder / "halted"
    command = in_process(folder, root, ["tests.launch.halting_run", "tokens", str(halted)])
    with forked.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        while not halted.exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        said = process.communicate()[1]
    assert process.returncode == 128 + number, said
    assert "Traceback" not in said
    assert said.splitlines()[-1] == "kn: stopped; run the same command to go on"
    with request_.lake.writing(wait=False):
        pass


def test_a_run_that_was_killed_is_told_as_failed_by_the_next(request_: Request) -> None:
    lake = request_.lake
    with store.opened(lake) as instance:
        instance.add_dynamic_partitions("models", ["tiny"])
        dead = instance.create_run_for_job(
            defs().resolve_implicit_global_asset_job_def(), tags=store.tags(lake)
        )
        other = instance.create_run_for_job(
            defs().resolve_implicit_global_asset_job_def(), tags={"kn/lake": "/another"}
        )
    assert run(request_)
    with store.opened(lake) as instance:
        states = {r.run_id: r.status for r in instance.get_runs()}
    assert states.pop(other.run_id) == dg.DagsterRunStatus.NOT_STARTED
    assert states.pop(dead.run_id) == dg.DagsterRunStatus.FAILURE
    assert set(states.values()) == {dg.DagsterRunStatus.SUCCESS}


def test_a_corpus_is_not_made_as_another_partition(request_: Request) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("corpora", ["mycities"])
        with pytest.raises(KnError, match="is cities, not mycities: choose that partition"):
            dg.materialize(
                [a for a in defs().assets or () if isinstance(a, dg.AssetsDefinition)],
                selection=dg.AssetSelection.assets("cities"),
                partition_key="mycities",
                instance=instance,
                resources=resources(
                    str(request_.lake.root), atlas={"corpus": request_.atlas.corpus}
                ),
            )


def test_a_second_command_may_refuse_to_wait(
    request_: Request, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, root = request_.lake.root.parent, request_.lake.root
    halted = folder / "halted"
    command = in_process(folder, root, ["tests.launch.halting_run", "tokens", str(halted)])
    with forked.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            while not halted.exists():
                assert process.poll() is None
                time.sleep(0.05)
            atlas = request_.atlas
            words = ["--data", str(root), "run", "--corpus", atlas.corpus, "--model", atlas.model]
            assert main([*words, "--no-wait"]) == 1
            said = capsys.readouterr().err
            assert said.count("\n") == 1 and f"process {process.pid} on" in said
            assert list(root.glob("atlas/*/.new-tokens")), "what it writes is left alone"
        finally:
            process.kill()
