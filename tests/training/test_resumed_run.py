"""Runs that stopped, and whether they may go on: killed, damaged, of other settings."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from kn_assets.errors import KnError
from kn_assets.knowledge.facts import TEMPLATES
from kn_assets.lake import Lake
from kn_assets.progress import Bar, Progress
from kn_assets.training import train
from tests import forked
from tests.training.tiny_run import TINY, rows, same_weights

_RUN = """
import json, sys
from contextlib import contextmanager
from kn_assets.lake import Lake
from kn_assets.progress import Progress
from kn_assets.training import TrainSettings, train

class TenSteps(Progress):
    left = 10

    @contextmanager
    def bar(self, *args, **more):
        yield self

    def advance(self, n=1):
        self.left -= n
        if not self.left:
            sys.stdin.read()  # so that the run is never over before it is killed

    def note(self, text):
        pass

train(TrainSettings(**json.loads(sys.argv[2])), Lake(sys.argv[1]), TenSteps())
"""


def test_a_killed_run_goes_on_and_ends_with_the_same_weights(done: Lake, tmp_path: Path) -> None:
    settings = json.dumps(asdict(TINY))
    folder = tmp_path / "models" / "tiny"
    seen = -1
    for _ in range(2):
        command = [sys.executable, "-c", _RUN, str(tmp_path), settings]
        with forked.Popen(command, stdin=subprocess.PIPE) as process:
            try:
                seen = wait_for_log(process, folder, beyond=seen + 4)
            finally:
                process.kill()
        assert (folder / ".state.pt").exists()
        assert not (folder / "step24").exists()
    train(TINY, Lake(tmp_path))
    for step in TINY.checkpoint_steps():
        assert same_weights(folder / f"step{step}", done.models / "tiny" / f"step{step}")
    told, wanted = rows(folder), rows(done.models / "tiny")
    timeless = [{k: v for k, v in r.items() if "seconds" not in k} for r in told]
    assert timeless == [{k: v for k, v in r.items() if "seconds" not in k} for r in wanted]


def test_a_run_in_legs_is_the_run(done: Lake, tmp_path: Path) -> None:
    lake, folder = Lake(tmp_path), tmp_path / "models" / "tiny"
    for until in (3, 10, 10):
        train(TINY, lake, until=until)
        assert rows(folder)[-1]["step"] <= until
        assert (folder / ".state.pt").exists()
    assert not (folder / "step24").exists()
    train(TINY, lake, until=99)
    assert not (folder / ".state.pt").exists()
    for step in TINY.checkpoint_steps():
        assert same_weights(folder / f"step{step}", done.models / "tiny" / f"step{step}")
    learned = (folder / "learning.jsonl").read_text()
    assert learned == (done.models / "tiny" / "learning.jsonl").read_text()


def test_another_sample_begins_its_curves_anew(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    train(TINY, lake, until=8)
    folder = train(replace(TINY, sample=4), lake, until=16)
    header, *told = map(json.loads, (folder / "learning.jsonl").read_text().splitlines())
    assert len(header["facts"]) == 4
    assert [row["step"] for row in told][-1] == 16
    assert {len(row[name]) for row in told for name in ("trained", "held_out")} == {4}


def test_a_state_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    folder = train(TINY, lake, until=8)
    state = torch.load(folder / ".state.pt", weights_only=True)
    del state["learning"]
    torch.save(state, folder / ".state.pt")
    train(TINY, lake)
    told = [json.loads(line) for line in (folder / "learning.jsonl").read_text().splitlines()[1:]]
    assert [row["step"] for row in told][-1] == 24
    assert all(row["step"] >= 8 for row in told)


def wait_for_log(process: forked.Popen, folder: Path, beyond: int) -> int:
    """Wait until the run has logged a step past `beyond`; returns that step."""
    while process.poll() is None:
        if (folder / "training.jsonl").exists():
            last = rows(folder)[-1]["step"]
            if last > beyond:
                return last
        time.sleep(0.01)
    raise AssertionError(f"the run ended before it could be killed: {process.returncode}")


def test_a_finished_run_is_left_as_it_is(done: Lake) -> None:
    before = {p: p.stat().st_mtime_ns for p in (done.models / "tiny").rglob("*")}
    assert train(replace(TINY, threads=2, sample=5), done) == done.models / "tiny"
    assert {p: p.stat().st_mtime_ns for p in (done.models / "tiny").rglob("*")} == before


def interrupted(root: Path) -> Lake:
    """A run that was stopped by an exception before the checkpoint of its last step."""
    lake = Lake(root)

    with pytest.raises(_Stop):
        train(TINY, lake, _Stopping())
    return lake


class _Stop(Exception):
    pass


class _Stopping(Progress):
    """Stops the run after twelve steps."""

    @contextmanager
    def bar(self, title: str, total: int, unit: str = "it", done: int = 0) -> Iterator[Bar]:
        yield _StoppingBar()


class _StoppingBar:
    left = 12

    def advance(self, n: int = 1) -> None:
        self.left -= n
        if self.left < 0:
            raise _Stop

    def note(self, text: str) -> None:
        assert "loss" in text
        assert "tokens/s" in text


def test_a_damaged_state_is_told(tmp_path: Path) -> None:
    lake = interrupted(tmp_path)
    state = lake.models / "tiny" / ".state.pt"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(KnError, match=r"state of the interrupted run is damaged .*remove"):
        train(TINY, lake)
    assert (lake.models / "tiny" / "step0").is_dir()


def test_a_lost_checkpoint_is_told(done: Lake, tmp_path: Path) -> None:
    lake = interrupted(tmp_path / "unfinished")
    shutil.rmtree(lake.models / "tiny" / "step1")
    with pytest.raises(KnError, match="step1 of tiny is missing"):
        train(TINY, lake)
    shutil.copytree(done.models, tmp_path / "whole" / "models")
    shutil.rmtree(tmp_path / "whole" / "models" / "tiny" / "step1")
    with pytest.raises(KnError, match="step1 of tiny is missing"):
        train(TINY, Lake(tmp_path / "whole"))


def test_other_settings_need_another_name(done: Lake) -> None:
    with pytest.raises(KnError, match="trained with another steps, lr"):
        train(replace(TINY, lr=1e-3, steps=30), done)


def test_other_wordings_need_another_name(done: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is trained on lies outside the settings: a run never goes on with another text."""
    told = {**TEMPLATES, "city-country": (*TEMPLATES["city-country"], "{} is in")}
    monkeypatch.setattr("kn_assets.training.text.TEMPLATES", told)
    with pytest.raises(KnError, match="trained with another text"):
        train(TINY, done)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    (lake.models / "tiny").mkdir(parents=True)
    (lake.models / "tiny" / "precious.txt").write_text("mine")
    with pytest.raises(KnError, match="holds something else: give another --name"):
        train(TINY, lake)
    assert [p.name for p in (lake.models / "tiny").iterdir()] == ["precious.txt"]
