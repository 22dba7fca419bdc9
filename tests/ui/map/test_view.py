"""What the map is sent: places, clusters' labels, what a lasso holds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from kn_assets import lake as lakes
from kn_assets.database.database import Database
from kn_assets.lake import Lake
from kn_assets.lake.schema import TABLES
from kn_assets.synthetic import Shape
from tests.made import make_lake
from ui.map import view
from ui.pack import to_json, unpack

SHAPE = Shape()


def test_the_map_keeps_places_to_a_16_bit_grid(data: Database) -> None:
    for kind, macro in (("neurons", "neuron_points"), ("prompts", "prompt_points")):
        sent = view.points(data, "tiny", kind)
        asked = f"SELECT x, y, name FROM {macro}('tiny') WHERE x IS NOT NULL"
        found = data.cursor().execute(asked).fetchall()
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

    asked = "SELECT x, y, layer, neuron FROM neuron_points('tiny') WHERE x IS NOT NULL"
    points = data.cursor().execute(asked).fetchall()
    places = np.array([p[:2] for p in points])
    low, high = places.min(0), places.max(0)
    turns, reach = np.arange(10) * np.pi / 5, np.tile([0.5, 0.2], 5)
    star = np.stack([0.5 + reach * np.cos(turns), 0.5 + reach * np.sin(turns)], axis=1)
    crossed = [(0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9)]
    for figure in (star, crossed):
        outline = [tuple((low + (high - low) * np.array(corner)).tolist()) for corner in figure]
        within = Figure(outline).contains_points(places)
        wanted = int(within.sum())
        assert 0 < wanted < len(points)
        found = view.selection(data, "tiny", "neurons", outline)
        assert found["n"] == wanted
        hits = zip(*(unpack(found["hits"][n]).tolist() for n in ("layer", "neuron")), strict=True)
        assert sorted(hits) == sorted(
            p[2:] for p, is_in in zip(points, within, strict=True) if is_in
        )
        asked = f"SELECT count(*) FROM neuron_points('tiny') WHERE {found['condition']}"
        assert data.cursor().execute(asked).fetchall() == [(wanted,)]


def test_a_box_of_the_map_is_summed_up(data: Database) -> None:
    everything = view.selection(data, "tiny", "neurons", square(0, 1e9))
    silent = data.cursor().execute("SELECT count(*) FROM neurons WHERE n_fired = 0").fetchone()[0]
    assert silent > 10
    assert everything["n"] == SHAPE.n_layers * SHAPE.n_neurons - silent
    assert [row["lift"] for row in everything["countries"]] == pytest.approx(
        [1.0] * len(everything["countries"])
    )
    nothing = view.selection(data, "tiny", "neurons", square(3e9, 1e9))
    assert (nothing["n"], nothing["countries"], nothing["words"]) == (0, [], [])


def moved(root: Path, x: float, lost: int = 0) -> Lake:
    """A lake whose map of neurons lies `x` to the right, with some neurons that have no place."""
    lake = make_lake(root)
    where = lakes.model("tiny")
    rows = lake.read(where, "neuron_map").to_pandas()
    silent = rows["x"].isna().to_numpy()
    rows["x"] = (rows["x"] - rows["x"].min()) / 1000 + x
    rows["y"] = (rows["y"] - rows["y"].min()) / 1000 + 2 * x
    rows.loc[np.flatnonzero(~silent)[:lost], "x"] = np.nan
    schema = TABLES["neuron_map"].schema
    columns = [
        pa.array(rows[f.name].to_numpy(), f.type, mask=silent if f.name in "xy" else None)
        for f in schema
    ]
    lake.write(where, "neuron_map", pa.table(columns, schema=schema), "made")
    return lake


@pytest.mark.parametrize("x", [0.05, -7.0, 1000.0])
def test_a_map_that_lies_all_on_one_side_of_0(tmp_path: Path, x: float) -> None:
    lake = moved(tmp_path, x)
    data = Database(lake)
    sent = view.points(data, "tiny", "neurons")
    held = lake.read(lakes.model("tiny"), "neuron_map")
    for axis, begin in (("x", "left"), ("y", "top")):
        places = sent[begin] + unpack(sent[axis]) / 65535 * sent["size"]
        wanted = held[axis].drop_null().to_numpy()
        assert np.abs(places - wanted).max() <= sent["size"] / 65535 + 1e-4
    spans = [np.ptp(unpack(sent[axis]).astype(int)) for axis in ("x", "y")]
    assert max(spans) == 65535, "it fills the square"
    data.close()


def test_neurons_without_a_place_are_left_out_and_counted(tmp_path: Path) -> None:
    lake = moved(tmp_path, 0.05, lost=5)
    data = Database(lake)
    held = lake.read(lakes.model("tiny"), "neuron_map")["x"]
    silent, whole = held.null_count, len(held) - held.null_count
    assert silent > 10
    sent = json.loads(to_json(view.points(data, "tiny", "neurons")))
    assert (sent["n"], sent["not_finite"]) == (whole - 5, 5)
    assert len(unpack(sent["x"])) == len(unpack(sent["neuron"])) == whole - 5
    assert len(unpack(sent["silent"]["neuron"])) == silent
    assert max(unpack(sent["x"])) == 65535 or max(unpack(sent["y"])) == 65535
    data.close()
    lost = moved(tmp_path / "all", 0.05, lost=whole)
    data = Database(lost)
    sent = view.points(data, "tiny", "neurons")
    assert (sent["n"], sent["not_finite"]) == (0, whole)
    data.close()


def test_neurons_that_never_fired_are_told_apart(data: Database) -> None:
    sent = view.points(data, "tiny", "neurons")
    asked = "SELECT layer, neuron FROM neurons WHERE model = 'tiny' AND n_fired {} ORDER BY ALL"
    for given, those in ((sent["silent"], "= 0"), (sent, "> 0")):
        ids = list(
            zip(unpack(given["layer"]).tolist(), unpack(given["neuron"]).tolist(), strict=True)
        )
        assert ids == data.cursor().execute(asked.format(those)).fetchall()
        assert len(ids) > 10
    strongest = "SELECT top_activation FROM neurons WHERE n_fired > 0 ORDER BY layer, neuron"
    held = [a for (a,) in data.cursor().execute(strongest).fetchall()]
    assert unpack(sent["strongest"]).tolist() == held


def test_words_find_each_point_once_and_tell_in_which_ways(data: Database) -> None:
    for kind, key in (("neurons", ("layer", "neuron")), ("prompts", ("prompt_id",))):
        asked = f"SELECT country FROM {kind[:-1]}_points('tiny') WHERE country IS NOT NULL"
        ((word,),) = data.cursor().execute(f"{asked} ORDER BY ALL LIMIT 1").fetchall()
        found = view.found(data, "tiny", kind, word)
        rows = data.cursor().execute(f"FROM {kind}_found('tiny', $1)", [word]).fetchall()
        hits = list(zip(*(unpack(found["hits"][name]).tolist() for name in key), strict=True))
        assert len(hits) == len(set(hits)) > 0
        assert set(hits) == {tuple(row[:-1]) for row in rows}
        ways = [row[-1] for row in rows]
        assert found["ways"] == {way: ways.count(way) for way in ways}
        nothing = view.found(data, "tiny", kind, "no such word")
        assert nothing["ways"] == {}
        assert all(not len(unpack(nothing["hits"][name])) for name in key)


def test_a_prompt_tells_how_many_neurons_fired_in_it(data: Database) -> None:
    found = view.prompt(data, "tiny", 3)
    every = data.cursor().execute("SELECT layer, neuron FROM prompt_neurons('tiny', 3, 9999)")
    assert [(r["layer"], r["neuron"]) for r in found["rows"]] == every.fetchall()[:40]
    fired = "SELECT count(DISTINCT (layer, neuron)) FROM activations WHERE prompt_id = 3"
    ((n,),) = (
        data.cursor()
        .execute(
            f"{fired} AND position NOT IN "
            "(SELECT position FROM tokens WHERE prompt_id = 3 AND sink)"
        )
        .fetchall()
    )
    assert found["n"] == n
