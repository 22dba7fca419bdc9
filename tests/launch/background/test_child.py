"""A step's process is nobody's rival, and ends with the app that started it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kn_assets.lake import Lake
from kn_assets.launch.background.child import NICEST
from tests import forked, small

pytestmark = pytest.mark.slow


def test_it_ends_when_nobody_holds_its_input_and_runs_at_a_low_priority(
    tmp_path: Path,
) -> None:
    given = small.settings(tmp_path)
    lake = Lake(tmp_path / "lake")
    lake.make(lake.root)
    words = ("--data", str(lake.root), "run", "--corpus", given.corpus, "--model", given.model)
    command = [sys.executable, "-m", "kn_assets.launch.background.child", *words]
    assert NICEST == 19  # else; busy machines would keep this test for minutes
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    with lake.writing():
        process = forked.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, env={**os.environ, "KN_NICE": "2"},
        )  # fmt: skip
        with process:
            assert any("waiting for" in line for line in process.stderr)
            assert os.getpriority(os.PRIO_PROCESS, process.pid) == mine + 2
            assert os.getpgid(process.pid) == process.pid != os.getpgid(0)
            assert autogroup(process.pid).endswith(" nice 2" if autogroup(os.getpid()) else "")
            process.stdin.close()  # as when the app is killed
            assert process.wait(200) == 143  # while the lake is another's
    assert not lake.partitions("model")
    with lake.writing(wait=False):
        pass


def autogroup(pid: int) -> str:
    """The priority of a process' session; nothing where the kernel knows none."""
    place = Path(f"/proc/{pid}/autogroup")
    return place.read_text().strip() if place.exists() else ""
