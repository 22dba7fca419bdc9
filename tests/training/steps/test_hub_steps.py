"""`kn run --steps-of` on a hub repository whose branches are training steps, two of them no good.

In a process of its own: the hub's client library reads HF_ENDPOINT when it is imported.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kn_assets import lake as lakes
from kn_assets.lake import Lake
from tests import forked, small
from tests.models import tiny
from tests.models.stand_in_hub import StandInHub, serving

ROOT = Path(__file__).parents[3]


@pytest.fixture
def hub(tmp_path: Path) -> StandInHub:
    """A tiny Pythia at steps 0, 4, 60, 64; the files of step 1 are gone, those of 16 cut short."""
    of = {s: tiny.save(tmp_path / f"step{s}", "pythia", seed=s) for s in (0, 4, 64)}
    gone = tmp_path / "step1"
    gone.mkdir()
    cut = Path(shutil.copytree(of[4], tmp_path / "step16"))
    weights = cut / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    steps = {"step0": of[0], "step1": gone, "step4": of[4], "step16": cut, "step64": of[64]}
    return StandInHub({"lab/pythia": {"main": of[64], **steps, "step60": of[4]}})


def kn(tmp_path: Path, hub: StandInHub, *given: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING"))}
    env = {**clean, "HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path / "hf")}
    command = [
        sys.executable,
        "-m",
        "kn_assets.cli.parser",
        "--data",
        str(tmp_path / "lake"),
        *given,
    ]
    return forked.run(command, env=env, cwd=ROOT)


@pytest.mark.thorough
def test_steps_of_a_hub_repository(hub: StandInHub, tmp_path: Path) -> None:
    corpus = small.corpus_file(tmp_path)
    options = ("--tokens", "12", "--density", "0.1", "--dtype", "float32", "--top-k", "5")
    run = ("run", "--corpus", str(corpus), "--model", "lab/pythia", *options)
    with serving(hub):
        # Five of the six are evenly spaced by log(step + 1): all but 60.
        lost = kn(tmp_path, hub, *run, "--limit", "6", "--steps-of", "5")
    assert lost.returncode == 1
    told = lost.stderr.strip().splitlines()[-1]
    assert told.startswith("kn: 2 of 5 steps are left out, all else is made. ")
    assert "pythia@step16: can't load the weights of lab/pythia@step16" in told
    assert "pythia@step1: " in told and "step1" in told.partition("pythia@step1: ")[2]
    lake = Lake(tmp_path / "lake")
    for step in (0, 4, 64):
        assert lake.read(lakes.model(f"pythia@step{step}"), "neurons").num_rows == 3 * 72
    for table in ("neuron_steps", "layer_steps", "neuron_map_steps"):
        steps = lake.read(lakes.model("pythia"), table)["step"].to_pylist()
        assert set(steps) == {0, 4, 64}, table
    for step in (16, 60):
        assert lake.meta(lakes.model(f"pythia@step{step}"), "neurons") is None
    rates = [
        lake.read(lakes.model(f"pythia@step{s}"), "neurons")["mean"].to_pylist() for s in (0, 4, 64)
    ]
    assert len({tuple(r) for r in rates}) == 3, "each step is its own revision"
