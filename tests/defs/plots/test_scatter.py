"""Maps and cities are drawn where the tables have them."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from kn_assets.defs.plots import plot, scatter
from kn_assets.lake import Lake
from tests.defs.plots.reading import CORPUS, MODEL, drawn, replace_column, where


def test_neuron_map(made: Lake) -> None:
    figure = drawn(made, "neuron_map")
    points = figure.axes[0].collections[0]
    found = made.read(MODEL, "neuron_map")
    shown = np.column_stack([points.get_offsets(), points.get_array()])
    expected = np.column_stack([found[c].to_numpy() for c in ("x", "y", "layer")])
    placed = np.isfinite(expected[:, 0])
    expected = expected[placed]
    silent = int((~placed).sum())
    assert silent > 0
    assert f"{silent} never fired" in figure.get_suptitle()
    order = np.lexsort(expected.T), np.lexsort(shown.T)
    np.testing.assert_array_equal(shown[order[1]], expected[order[0]])


def test_most_neurons_are_sampled(made: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scatter, "_MOST_POINTS", 60)
    figure = drawn(made, "neuron_map")
    assert len(figure.axes[0].collections[0].get_offsets()) == 60
    fired = 120 - made.read(MODEL, "neuron_map")["x"].null_count
    assert 60 < fired < 120
    assert f"60 of {fired} neurons" in figure.get_suptitle()


def test_prompt_map_by_continent(made: Lake) -> None:
    (axes,) = drawn(made, "prompt_map").axes
    with duckdb.connect() as connection:
        prompt_map, prompts, cities = (
            made.read(where(t), t) for t in ("prompt_map", "prompts", "cities")
        )
        expected = connection.sql(
            "SELECT continent, x, y FROM prompt_map JOIN prompts USING (prompt_id) "
            "JOIN cities USING (city_id) ORDER BY ALL"
        ).fetchall()
        assert len(expected) == len(prompt_map) < len(prompts) < len(cities)
    shown = []
    for group in axes.collections:
        name, count = group.get_label().rstrip(")").split(" (")
        assert int(count) == len(group.get_offsets())
        shown += [(name, float(x), float(y)) for x, y in group.get_offsets()]
    assert sorted(shown) == expected
    colours = {tuple(g.get_facecolor()[0]) for g in axes.collections}
    assert len(colours) == len(axes.collections) == 4


def test_prompt_map_without_its_corpus(copy: Lake) -> None:
    copy.remove(CORPUS, "cities")
    (axes,) = drawn(copy, "prompt_map").axes
    assert [g.get_label() for g in axes.collections] == ["unknown (12)"]


def test_names_are_no_formulas(copy: Lake) -> None:
    n = len(copy.read(CORPUS, "cities"))
    replace_column(copy, "cities", "continent", [r"$\frac{$ <b>"] * n)
    assert plot(copy, MODEL, "prompt_map") is not None  # matplotlib refuses a broken formula


def test_cities(made: Lake) -> None:
    (axes,) = drawn(made, "cities").axes
    found = made.read(CORPUS, "cities")
    points = axes.collections[0]
    expected = np.column_stack([found["longitude"].to_numpy(), found["latitude"].to_numpy()])
    np.testing.assert_array_equal(points.get_offsets(), expected)
    by_size = np.argsort(points.get_sizes())
    np.testing.assert_array_equal(by_size, np.argsort(found["population"].to_numpy()))


def test_cities_without_places(copy: Lake) -> None:
    n = len(copy.read(CORPUS, "cities"))
    replace_column(copy, "cities", "population", [None] * n)
    replace_column(copy, "cities", "latitude", [None] * (n - 1) + [52.5])
    figure = drawn(copy, "cities")
    assert f"1 of {n} cities" in figure.get_suptitle()
    assert len(figure.axes[0].collections[0].get_offsets()) == 1
    replace_column(copy, "cities", "latitude", [None] * n)
    assert plot(copy, CORPUS, "cities") is None
