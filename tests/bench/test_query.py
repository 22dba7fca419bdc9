"""`kn bench query` runs, asks every macro, and tells what it measured."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import pytest

from kn_assets.bench import query
from kn_assets.bench.query import atlases, questions
from kn_assets.database import database


@pytest.mark.thorough
def test_every_macro_is_timed_at_a_tiny_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (atlases, questions):
        monkeypatch.setattr(module, "LAYERS", 3)
        monkeypatch.setattr(module, "NEURONS", 64)
    parser = argparse.ArgumentParser()
    query.add_arguments(parser)
    args = parser.parse_args(["--rows", "600", "--repeats", "1", "--keep", str(tmp_path)])
    result = query.run(args)
    assert math.isfinite(result.ratio) and result.ratio > 0
    for macro in {m.name for m in database.macros()} - set(questions.HELPERS):
        assert result.figures[f"{macro} 0.0006M"]["p50_ms"] > 0
    rows = result.figures["activations 0.0006M"]["rows"]
    assert rows == result.figures["activations_by_neuron 0.0006M"]["rows"]
    assert 0.5 < rows / 600 < 2
    assert json.loads(result.to_json())["name"] == "query"
    # The kept atlas serves the next run, and the unsorted copy holds the same rows.
    made = atlases.atlas(tmp_path / "600", 600)
    plain = atlases.unsorted(made, tmp_path / "600" / "unsorted")
    with database.connect(made) as ours, database.connect(plain) as theirs:
        sql = "FROM heatmap('bench', 1)"
        assert ours.execute(sql).fetchall() == theirs.execute(sql).fetchall()


def test_a_large_atlas_is_asked_its_look_ups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (atlases, questions):
        monkeypatch.setattr(module, "LAYERS", 2)
        monkeypatch.setattr(module, "NEURONS", 64)
    for module in (atlases, query):
        monkeypatch.setattr(module, "LARGE", 1_000)
    parser = argparse.ArgumentParser()
    query.add_arguments(parser)
    args = parser.parse_args(["--rows", "30000", "--repeats", "2", "--keep", str(tmp_path)])
    result = query.run(args)
    assert math.isnan(result.ratio)
    assert json.loads(result.to_json())["ratio"] is None
    asked = {name.split()[0] for name, figure in result.figures.items() if "p95_ms" in figure}
    assert asked == set(questions.LOOK_UPS)
    rows = result.figures["activations 0.03M"]["rows"]
    assert 0.8 < rows / 30_000 < 1.2
    assert rows == result.figures["activations_by_neuron 0.03M"]["rows"]
