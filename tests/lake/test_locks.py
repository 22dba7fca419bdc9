"""One writer a lake: others wait and say for whom, or are refused; readers never wait."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kn_assets.errors import KnError
from kn_assets.lake import Lake, corpus
from tests import forked
from tests.lake.writer import rows

ROOT = Path(__file__).parents[2]


def writer(lake: Lake, *words: object) -> forked.Popen:
    return forked.Popen(
        [sys.executable, "-m", "tests.lake.writer", str(lake.root), *map(str, words)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def held(tmp_path: Path) -> tuple[Lake, forked.Popen]:
    """A lake with a process that writes to it."""
    lake = Lake(tmp_path / "lake")
    lake.write(corpus("made"), "prompts", rows(3), "first")
    process = writer(lake, 1, 1, "--halt", tmp_path / "halted")
    while not (tmp_path / "halted").exists():
        assert process.poll() is None
        time.sleep(0.01)
    return lake, process


@pytest.mark.parametrize("pairs", [8, pytest.param(20, marks=pytest.mark.thorough)])
def test_two_writers_at_once_never_hurt_each_other(tmp_path: Path, pairs: int) -> None:
    """Each of a pair ends well, and the table is the one's or the other's, whole."""
    lake = Lake(tmp_path / "lake")
    for of in range(2, 2 + 2 * pairs, 2):
        both = [writer(lake, name, 5) for name in (of, of + 1)]
        told = [process.communicate()[1] for process in both]
        assert [process.returncode for process in both] == [0, 0], told
        assert lake.damage(corpus("made"), "prompts") is None
        found = lake.read(corpus("made"), "prompts")
        assert found.equals(rows(of)) or found.equals(rows(of + 1))
        assert not list(lake.root.glob("*/*/.*"))


def test_who_holds_the_lake_is_named(held: tuple[Lake, forked.Popen]) -> None:
    lake, process = held
    refused = writer(lake, 2, 1, "--no-wait")
    said = refused.communicate()[1]
    assert refused.returncode == 1
    assert said.count("\n") == 1
    assert f"process {process.pid} on " in said and "writer.py" in said
    waiting = writer(lake, 2, 1)
    assert waiting.stderr is not None
    assert waiting.stderr.readline().startswith("kn: waiting for `writer.py ")
    assert lake.read(corpus("made"), "prompts").num_rows == 3, "readers don't wait"
    process.kill()  # as kill -9: the lock ends with it
    assert waiting.wait(timeout=60) == 0
    assert lake.read(corpus("made"), "prompts").equals(rows(2))
    process.communicate()


def test_what_another_writes_is_not_tidied_away(held: tuple[Lake, forked.Popen]) -> None:
    lake, process = held
    half = lake.folder(corpus("made")) / ".new-cities"
    half.mkdir()
    recovering = writer(lake, 2, 1)
    assert recovering.stderr is not None
    assert recovering.stderr.readline().startswith("kn: waiting for ")
    assert half.exists()
    process.kill()
    recovering.communicate()
    assert not half.exists(), "once it is dead, what it left goes"
    process.communicate()


def test_within_a_process_a_writer_may_write_again(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    with lake.writing(), lake.writing(wait=False):
        lake.write(corpus("made"), "prompts", rows(2), "x")
        assert str(os.getpid()) in (lake.root / ".writer.json").read_text()
    assert not (lake.root / ".writer.json").exists()
    with lake.writing(wait=False):
        pass


def test_a_lake_that_can_not_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(KnError, match="KN_DATA"), Lake(tmp_path / "file" / "lake").writing():
        pass
