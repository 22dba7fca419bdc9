"""Runs that are killed, at any moment, and gone on with."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from kn_assets.atlas import extract as extraction
from kn_assets.atlas.extract import NEEDS, extract
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.work import Work
from kn_assets.lake import Lake
from kn_assets.progress import Progress
from tests import forked
from tests.atlas.killed_runs import SHARD_PROMPTS
from tests.atlas.test_extract import made_plan


def contents(plan: AtlasPlan) -> dict[str, list[bytes]]:
    """The files of the tables that are there; `atlases` tells the time, so it is left out."""
    there = [t for t in NEEDS if t != "atlases" and plan.lake.meta(plan.model, t)]
    return {t: [f.read_bytes() for f in plan.lake.files(plan.model, t)] for t in there}


@contextmanager
def runs(plan: AtlasPlan) -> Iterator[Callable[[float | None], list[str]]]:
    """A function that starts a run, kills it after some seconds, and returns what it said."""
    command = [sys.executable, "-m", "tests.atlas.killed_runs", str(plan.lake.root)]
    with forked.Popen(
        [*command, plan.settings.to_json()],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        asks, tells = server.stdin, server.stdout
        assert asks is not None
        assert tells is not None

        def run(seconds: float | None) -> list[str]:
            asks.write("run\n")
            child = int(tells.readline())
            if seconds is not None:
                time.sleep(seconds)
                with suppress(ProcessLookupError):  # it was faster
                    os.kill(child, signal.SIGKILL)
            said = []
            while (line := tells.readline().strip()) != "over":
                assert line, "the server is alive"
                said.append(line)
            return said

        yield run


@pytest.mark.parametrize("n_kills", [5, pytest.param(20, marks=pytest.mark.thorough)])
def test_a_run_killed_at_random_moments_ends_as_an_undisturbed_one(
    tmp_path: Path, n_kills: int
) -> None:
    plan = made_plan(tmp_path, "gpt2", n=30)
    undisturbed = AtlasPlan(Lake(tmp_path / "other"), plan.settings)
    prompts = plan.lake.read(plan.corpus, "prompts")
    undisturbed.lake.write(plan.corpus, "prompts", prompts, "made of 30")
    with runs(undisturbed) as run:
        run(None)  # the first one reads code from the disk
        shutil.rmtree(undisturbed.lake.folder(undisturbed.model))
        began = time.monotonic()
        assert run(None) == [*(f"{i:05}" for i in range(30 // SHARD_PROMPTS)), "done"]
        takes = time.monotonic() - began
    wanted = contents(undisturbed)

    rng = np.random.default_rng(0)
    folder, kills, lives = plan.lake.folder(plan.model), 0, 0
    with runs(plan) as run:
        while kills < n_kills:
            stored: set[str] = set()
            said: list[str] = []
            while "done" not in said:
                last = kills >= n_kills
                stored |= {p.name for p in folder.glob(".work-*/*/[0-9]*")}
                said = run(None if last else rng.uniform(0, 0.7 * takes))
                assert len(set(said)) == len(said)
                assert not stored & set(said), "no stored shard is worked on again"
                stored |= set(said)
                kills += "done" not in said
                found = contents(plan)
                assert found == {t: wanted[t] for t in found}, "what is there is whole"
            assert contents(plan) == wanted
            assert not list(folder.glob(".*")), "no stray files"
            lives += 1
            shutil.rmtree(folder)
    assert lives


@pytest.mark.parametrize("lost", [["logit_lens"], ["neurons", "attention"]])
def test_a_run_killed_among_its_tables_uses_the_shards_it_has(
    tmp_path: Path, lost: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = made_plan(tmp_path, "gpt2")
    folder = plan.lake.folder(plan.model)
    with monkeypatch.context() as patch:
        patch.setattr(Work, "finish", lambda *_: None)  # killed before it tidied up
        extract(plan, NEEDS, Progress())
    wanted = contents(plan)
    for table in lost:
        plan.lake.remove(plan.model, table)

    def refused(*_: object) -> None:
        raise AssertionError("the model isn't run again")

    monkeypatch.setattr("kn_assets.atlas.shard.forward", refused)
    extract(plan, lost, Progress())
    assert contents(plan) == wanted
    assert not list(folder.glob(".*")), "no stray files"


def test_shards_without_a_table_to_make_are_thrown_away(tmp_path: Path) -> None:
    plan = made_plan(tmp_path, "gpt2")
    extract(plan, NEEDS, Progress())
    left = Work.of(plan).root / "fired" / "00000"
    left.mkdir(parents=True)
    plan.lake.remove(plan.model, "neurons")
    extraction.tidy(plan)
    assert left.exists(), "a table needs it"
    left.rmdir()
    extract(plan, ["neurons"], Progress())
    left.mkdir(parents=True)
    extraction.tidy(plan)
    assert not list(plan.lake.folder(plan.model).glob(".*"))
