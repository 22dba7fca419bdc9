"""`kn bench query` runs, asks every macro, and tells what it measured."""

import argparse
import json
import math

from kn_assets import database
from kn_assets.bench import query


def test_every_macro_is_timed_at_a_tiny_size(tmp_path, monkeypatch):
    monkeypatch.setattr(query, "LAYERS", 3)
    monkeypatch.setattr(query, "NEURONS", 64)
    parser = argparse.ArgumentParser()
    query.add_arguments(parser)
    args = parser.parse_args(["--rows", "600", "--repeats", "1", "--keep", str(tmp_path)])
    result = query.run(args)
    assert math.isfinite(result.ratio) and result.ratio > 0
    helpers = {"atlas_cities", "neuron_ranks", "prompt_tokens"}
    for macro in {m.name for m in database.macros()} - helpers:
        assert result.figures[f"{macro} 0.0006M"]["p50_ms"] > 0
    rows = result.figures["activations 0.0006M"]["rows"]
    assert rows == result.figures["activations_by_neuron 0.0006M"]["rows"]
    assert 0.5 < rows / 600 < 2
    assert json.loads(result.to_json())["name"] == "query"
    # The kept atlas serves the next run, and the unsorted copy holds the same rows.
    made = query._atlas(tmp_path / "600", 600)
    plain = query._unsorted(made, tmp_path / "600" / "unsorted")
    with database.connect(made) as ours, database.connect(plain) as theirs:
        sql = "FROM heatmap('bench', 1)"
        assert ours.execute(sql).fetchall() == theirs.execute(sql).fetchall()
