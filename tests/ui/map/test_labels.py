"""The labels of clusters on the map, in a real browser."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kn_assets.database.database import Database
from tests.ui.asking import lonely, place_of, rows

pytestmark = pytest.mark.browser

INK = """
() => {
  const canvas = document.querySelector('.kn-overlay');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let n = 0;
  for (let i = 3; i < data.length; i += 4) n += data[i] > 0;
  return n;
}
"""


def labels(database: Database, kind: str) -> dict[int, str]:
    return dict(rows(database, "SELECT cluster, label FROM map_labels('tiny', $1)", kind))


def opened(screen: Any) -> Any:
    screen.open(model="tiny", tab="map")
    screen.until("document.documentElement.dataset.knMap === 'neurons'")
    screen.until("document.querySelector('.kn-overlay').dataset.labels")
    return screen.page


def test_labels_are_written_on_the_map_and_can_be_left_out(screen: Any, database: Database) -> None:
    page = opened(screen)
    written = json.loads(page.evaluate("document.querySelector('.kn-overlay').dataset.labels"))
    assert written
    assert set(written) <= set(labels(database, "neuron").values())
    button = page.get_by_role("button", name="labels", exact=True)
    with_labels = page.evaluate(INK)
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    without = page.evaluate(INK)
    assert 0 < without < with_labels - 200, "the selected neuron keeps its mark"
    button.click()
    assert page.evaluate(INK) == with_labels


def test_a_point_and_the_legend_tell_the_label(screen: Any, database: Database) -> None:
    known = labels(database, "neuron")
    layer, neuron = lonely(database)
    ((cluster,),) = rows(
        database,
        "SELECT cluster FROM neuron_map WHERE model = 'tiny' AND layer = $1 AND neuron = $2",
        layer,
        neuron,
    )
    page = opened(screen)
    place = place_of(screen, database, layer, neuron)
    page.locator(".kn-stage canvas").first.hover(position=place)
    told = page.locator(".kn-tip").inner_text()
    assert f"layer {layer} · neuron {neuron}" in told
    shares = {
        0: "",
        1: "; 50 % fire most on prompts of Côte d'Ivoire (others 13 %)",
        2: "; 50 % fire most on prompts of Côte d'Ivoire (others 13 %), "
        "25 % fire on or just after “<b>” (others 0 %)",
    }
    wanted = f" · cluster {cluster}: {known.get(cluster)}{shares[cluster % 3]}"
    assert told.endswith("" if cluster < 0 else wanted)
    page.get_by_label("Colour by").select_option("cluster")
    legend = page.locator(".kn-legend .kn-entry bdi").all_inner_texts()
    assert legend == [known[c] for c in sorted(known)][: len(legend)]
    assert len(legend) == min(8, len(known))


def test_prompts_have_labels_of_their_own(screen: Any, database: Database) -> None:
    page = opened(screen)
    page.get_by_role("button", name="prompts", exact=True).click()
    screen.until("document.documentElement.dataset.knMap === 'prompts'")
    page.get_by_label("Colour by").select_option("cluster")
    known = labels(database, "prompt")
    legend = page.locator(".kn-legend .kn-entry bdi").all_inner_texts()
    assert legend == [known[c] for c in sorted(known)][: len(legend)]
    assert legend


def test_clusters_around_another_have_other_colours(screen: Any) -> None:
    """On a grid: no two that touch look alike, and more than nine colours are there."""
    page = opened(screen)
    side = 9
    order = [(37 * i) % side**2 for i in range(side**2)]
    places = [[i % side, i // side] for i in order]
    colours = page.evaluate("places => kn.spreadColours(places)", places)
    assert colours == page.evaluate("places => kn.spreadColours(places)", places)
    at = {tuple(place): colour for place, colour in zip(places, colours, strict=True)}
    for (x, y), colour in at.items():
        for beside in ((x + 1, y), (x, y + 1)):
            other = at.get(beside, [-99, -99, -99])
            assert sum(abs(a - b) for a, b in zip(colour, other, strict=True)) > 90
    assert len({tuple(colour) for colour in colours}) > 9
