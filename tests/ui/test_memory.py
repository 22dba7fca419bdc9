"""What a server that is asked for days keeps: nothing more for each question."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
N = 12_000
"""Questions: memory comes and goes in steps of up to 8 MiB, which fewer don't rise above."""


@pytest.mark.thorough
@pytest.mark.timeout(1800)  # three minutes, several beside others
def test_memory_does_not_grow_with_questions(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.ui.many_questions", str(tmp_path), str(N)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    looks = json.loads(done.stdout)
    more = median(looks[-3:]) - median(looks[:3])
    assert more / (0.7 * N) < 2500, f"{more >> 20} MiB more: {[look >> 20 for look in looks]}"
