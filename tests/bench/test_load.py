"""`kn bench load` lets visitors in, and those who mean ill, to a real app."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kn_assets.bench.load.watch import course
from tests.ui.conftest import make_two_atlases


def test_memory_is_told_over_time_without_the_warming_up() -> None:
    warm = [(float(t), 100.0 + t, 0.0) for t in range(900)]
    steady = [(float(t), 1000.0 + 36 * t / 3600, 0.0) for t in range(900, 3600)]
    told = course(warm + steady)
    assert told["server, MiB in the first quarter"] == pytest.approx(549.5)
    assert told["server, MiB in the last quarter"] == pytest.approx(1031.495)
    assert told["server, MiB more an hour"] == pytest.approx(36)


@pytest.mark.thorough
def test_visitors_are_timed_alone_and_beside_attacks(tmp_path: Path) -> None:
    lake = make_two_atlases(tmp_path)
    command = [sys.executable, "-m", "kn_assets.cli", "bench", "load", "--lake", str(lake.root)]
    given = [
        "--people",
        "3",
        "--seconds",
        "6",
        "--attacks",
        "uploads",
        "huge cells",
        "--every",
        "3",
    ]
    done = subprocess.run([*command, *given, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["settings"]["model"] == "tiny"  # the larger of two
    figures = result["figures"]
    for phase in ("quiet", "uploads", "huge cells"):
        assert 0 < figures[phase]["p50_ms"] <= figures[phase]["p95_ms"]
        assert figures[f"{phase}, errors"] == 0
    assert figures["quiet, search"]["n"] >= 3
    assert figures["disk, MiB"] < 1, "nothing of what was uploaded is kept"
    assert 50 < figures["server, MiB at most"] <= figures["with its processes, MiB at most"]
    assert result["ratio"] > 0
    assert "kn: 3 s: server" in done.stderr
