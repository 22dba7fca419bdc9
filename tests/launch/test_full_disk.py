"""A disk that really is full: under the lake, or under Dagster's store alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kn_assets.lake import Lake, Partition
from kn_assets.lake.disk import RESERVE
from kn_assets.launch.request import Request
from tests import forked
from tests.launch.test_run import ROOT, in_process

MODEL = Partition("model", "tiny")
TABLES = ("tokens", "thresholds", "activations", "neurons", "logit_lens", "attention")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own in memory, with a little more room than what a run leaves free."""
    place = tmp_path / "disk"
    place.mkdir()
    size = f"size={RESERVE + (32 << 20)}"
    mount = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place)]
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only Linux's root may mount a disk")
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def command(made: Request, lake: Lake, home: Path, module: list[str]) -> tuple[int, str]:
    """Exit status of a command on the lake, and what it says."""
    words = in_process(made.lake.root.parent, lake.root, module)
    env = {**os.environ, "DAGSTER_HOME": str(home)}
    done = forked.run(words, env=env, cwd=ROOT)
    return done.returncode, done.stderr


EVERY = (
    *(("lake", table, left) for table in ("cities", "prompt_map") for left in (0, 1 << 16)),
    *(("store", table, 0) for table in ("cities", "activations")),
)


@pytest.mark.parametrize(
    ("where", "table", "left"),
    [
        ("lake", "activations", 0),
        *(pytest.param(*case, marks=pytest.mark.thorough) for case in EVERY),
    ],
)
def test_a_full_disk_stops_a_run_which_goes_on_with_room(
    made_once: Request, tmp_path: Path, disk: Path, where: str, table: str, left: int
) -> None:
    """Whatever can't be written first: the lake's table, or Dagster's log of it."""
    lake = Lake((disk if where == "lake" else tmp_path) / "lake")
    full = lake.root if where == "lake" else disk / "dagster"
    home = (lake.root if where == "lake" else disk) / "dagster"
    home.mkdir(parents=True)
    module = ["tests.launch.filling_run", table, str(disk), str(left)]
    status, said = command(made_once, lake, home, module)
    assert status == 1, said
    assert "Traceback (most" not in said, said
    last = said.splitlines()[-1]
    assert last.startswith(f"kn: the disk of {full} is full: free some space"), said
    (disk / "ballast").unlink()
    status, said = command(made_once, lake, home, ["kn_assets.cli"])
    assert status == 0, said
    for name in TABLES:
        assert lake.read(MODEL, name).equals(made_once.lake.read(MODEL, name)), name
