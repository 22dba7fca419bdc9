"""`kn bench ui` clicks through a real app in a real browser, and tells what it measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kn_assets.atlas.extract import extract
from kn_assets.progress import Progress
from tests import small
from tests.ui.conftest import CHROMIUM, make_two_atlases

pytestmark = pytest.mark.browser


@pytest.mark.thorough
@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"there is no Chromium at {CHROMIUM}")
def test_every_act_is_timed(tmp_path: Path) -> None:
    lake = make_two_atlases(tmp_path)
    given = ["--repeats", "2", "--loads", "1", "--people", "2", "--seconds", "3"]
    command = [
        sys.executable,
        "-m",
        "kn_assets.cli.parser",
        "bench",
        "ui",
        "--lake",
        str(lake.root),
    ]
    # A process of its own: this one may have a browser's event loop already.
    done = subprocess.run([*command, *given, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["settings"]["model"] == "tiny"  # the larger of two
    timed = (
        *("ready", "prompt", "neuron", "slider", "map", "map, moved", "search"),
        *("prompt, 2 at once", "fact", "ask"),
    )
    for name in timed:
        figure = result["figures"][name]
        assert 0 < figure["p50_ms"] <= figure["p95_ms"]
        assert figure["n"] >= 1
    assert "target" not in result["figures"]  # a made-up atlas has no model
    assert result["figures"]["errors"] == 0
    assert result["ratio"] > 0


TARGETS = """
import json, sys
from kn_assets.bench.ui.answers import targets
from kn_assets.bench.ui.page import browser
from kn_assets.bench.ui.server import app
from kn_assets.lake import Lake

atlas = {"model": "tiny", "n_layers": 3, "n_neurons": 64}
with app(Lake(sys.argv[1])) as url, browser() as chromium:
    print(json.dumps(targets(chromium, url, atlas, 4, seed=0)))
"""


@pytest.mark.thorough
@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"there is no Chromium at {CHROMIUM}")
def test_a_target_is_timed_where_the_model_is_here(tmp_path: Path) -> None:
    request = small.request(tmp_path)
    request.corpus.make(request.corpus.tables, Progress())
    extract(request.plan, {"atlases", "thresholds", "tokens", "activations"}, Progress())
    command = [sys.executable, "-c", TARGETS, str(request.lake.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {"target", "target, ranks by layer", "slider, by target"}
    assert len(found["target"]) >= 4
    for painted, whole in zip(found["target"], found["target, ranks by layer"], strict=True):
        assert 0 < painted <= whole


def test_beside_a_run_wants_the_demos_model(tmp_path: Path) -> None:
    lake = make_two_atlases(tmp_path)
    command = [sys.executable, "-m", "kn_assets.cli.parser", "bench", "ui", "--busy"]
    done = subprocess.run(
        [*command, "--lake", str(lake.root)], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "`kn demo` gets it" in done.stderr
    assert "Traceback" not in done.stderr
