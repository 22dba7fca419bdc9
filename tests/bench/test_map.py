from __future__ import annotations

import argparse
import json

import numpy as np
import pytest

from kn_assets.bench import map as bench
from kn_assets.maps import tsne


def test_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few points and iterations: the figures are there, and told of what was run."""
    monkeypatch.setattr(bench, "PROMPTS", 40)
    monkeypatch.setattr(tsne, "ITERATIONS", 20)
    parser = argparse.ArgumentParser()
    bench.add_arguments(parser)
    result = bench.run(parser.parse_args(["--points", "120", "--repeats", "1"]))
    told = json.loads(result.to_json())
    assert told["name"] == "map"
    ours, theirs = told["figures"]["openTSNE"], told["figures"]["scikit-learn"]
    assert told["ratio"] == ours["wall_s"] / theirs["wall_s"]
    assert told["settings"]["points"] == 120
    assert told["settings"]["iterations"] == 270
    assert 0 < ours["knn_preservation"] <= 1


def test_made_up_peaks() -> None:
    matrix = bench.made_up_peaks(3, 100, 80)
    assert matrix.shape == (300, 80)
    assert matrix.dtype == np.float32
    assert abs(matrix.nnz / (300 * 80) - bench.DENSITY) < 0.03
    assert (bench.made_up_peaks(3, 100, 80) != matrix).nnz == 0
