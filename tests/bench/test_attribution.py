"""`kn bench attribution` runs, and both ways give the same scores."""

import argparse
import json
import math
from pathlib import Path

import pytest

from kn_assets.bench import attribution
from tests.models import tiny


def test_both_ways_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KN_DATA", str(tmp_path))
    folder = tiny.save(tmp_path / "tiny", "llama")
    parser = argparse.ArgumentParser()
    attribution.add_arguments(parser)
    words = ["--model", str(folder), "--steps", "4", "--plain-layers", "0", "--answer", "Kabul"]
    result = attribution.run(parser.parse_args(words))
    assert math.isfinite(result.ratio) and result.ratio > 0
    assert result.settings["plain_layers"] == [0, 1, 2]
    largest, difference = (
        result.figures[name] for name in ("largest score", "largest difference of a score")
    )
    assert isinstance(largest, float) and isinstance(difference, float)
    assert 0 < difference < 1e-3 * largest
    assert json.loads(result.to_json())["name"] == "attribution"


def test_the_layers_stand_for_all() -> None:
    assert attribution._spread(30, 6) == [2, 7, 12, 17, 22, 27]
    assert attribution._spread(12, 99) == list(range(12))
    for n, k in ((30, 6), (12, 4), (12, 1)):
        assert abs(sum(attribution._spread(n, k)) / k - (n - 1) / 2) <= 0.5
