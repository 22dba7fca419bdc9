"""What the map is sent: places, clusters' labels, what a lasso holds."""

from __future__ import annotations

import numpy as np
import pytest

from kn_assets.database.database import Database
from kn_assets.lake import Lake
from kn_assets.synthetic import Shape
from ui.map import view
from ui.pack import unpack

SHAPE = Shape()


def test_the_map_keeps_places_to_a_16_bit_grid(data: Database) -> None:
    for kind, macro in (("neurons", "neuron_points"), ("prompts", "prompt_points")):
        sent = view.points(data, "tiny", kind)
        found = data.cursor().execute(f"SELECT x, y, name FROM {macro}('tiny')").fetchall()
        x = sent["left"] + unpack(sent["x"]) / 65535 * sent["size"]
        y = sent["top"] + unpack(sent["y"]) / 65535 * sent["size"]
        assert np.abs(x - [f[0] for f in found]).max() <= sent["size"] / 65535
        assert np.abs(y - [f[1] for f in found]).max() <= sent["size"] / 65535
        prompt = unpack(sent["prompt"])
        names = sent["prompts"]["names"]
        assert [names[p] if p != view.NONE else None for p in prompt] == [f[2] for f in found]


def test_the_map_knows_its_clusters_labels(data: Database, half_lake: Lake) -> None:
    for kind in ("neuron", "prompt"):
        sent = view.points(data, "tiny", f"{kind}s")["labels"]
        held = data.cursor().execute(
            "SELECT cluster, label, countries FROM map_clusters WHERE model = 'tiny' AND kind = $1 "
            "ORDER BY n DESC, cluster",
            [kind],
        )
        wanted = sorted(held.fetchall())
        assert [(r["cluster"], r["label"], r["countries"]) for r in sent] == wanted
        assert len(sent) > 3
    assert view.labels(Database(half_lake), "tiny", "neurons") == []


def square(middle: float, half: float) -> list[tuple[float, float]]:
    low, high = middle - half, middle + half
    return [(low, low), (high, low), (high, high), (low, high)]


def test_a_lasso_holds_what_lies_in_it(data: Database) -> None:
    from matplotlib.path import Path as Figure

    points = data.cursor().execute("SELECT x, y, country FROM neuron_points('tiny')").fetchall()
    places = np.array([p[:2] for p in points])
    low, high = places.min(0), places.max(0)
    turns, reach = np.arange(10) * np.pi / 5, np.tile([0.5, 0.2], 5)
    star = np.stack([0.5 + reach * np.cos(turns), 0.5 + reach * np.sin(turns)], axis=1)
    crossed = [(0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9)]
    for figure in (star, crossed):
        outline = [tuple((low + (high - low) * np.array(corner)).tolist()) for corner in figure]
        wanted = int(Figure(outline).contains_points(places).sum())
        assert 0 < wanted < len(points)
        found = view.selection(data, "tiny", "neurons", outline)
        assert found["n"] == wanted
        asked = f"SELECT count(*) FROM neuron_points('tiny') WHERE {found['condition']}"
        assert data.cursor().execute(asked).fetchall() == [(wanted,)]


def test_a_box_of_the_map_is_summed_up(data: Database) -> None:
    everything = view.selection(data, "tiny", "neurons", square(0, 1e9))
    assert everything["n"] == SHAPE.n_layers * SHAPE.n_neurons
    assert [row["lift"] for row in everything["countries"]] == pytest.approx(
        [1.0] * len(everything["countries"])
    )
    nothing = view.selection(data, "tiny", "neurons", square(3e9, 1e9))
    assert (nothing["n"], nothing["countries"], nothing["words"]) == (0, [], [])
