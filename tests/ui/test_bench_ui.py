"""`kn bench ui` clicks through a real app in a real browser, and tells what it measured."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from kn_assets.bench import ui
from kn_assets.lake import Lake
from tests.ui.conftest import CHROMIUM

pytestmark = pytest.mark.browser


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"there is no Chromium at {CHROMIUM}")
def test_every_act_is_timed(lake: Lake) -> None:
    parser = argparse.ArgumentParser()
    ui.add_arguments(parser)
    given = ["--repeats", "2", "--loads", "1", "--people", "2", "--seconds", "3"]
    result = ui.run(parser.parse_args([*given, "--lake", str(lake.root)]))
    assert result.settings["model"] == "tiny"  # the larger of two
    timed = ("ready", "prompt", "neuron", "slider", "map", "search", "prompt, 2 at once")
    for name in timed:
        figure = result.figures[name]
        assert isinstance(figure, dict)
        assert 0 < figure["p50_ms"] <= figure["p95_ms"]
    assert result.figures["errors"] == 0
    assert json.loads(result.to_json())["ratio"] > 0
