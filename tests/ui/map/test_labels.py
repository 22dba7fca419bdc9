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
    assert len(legend) == min(6, len(known))


def test_prompts_have_labels_of_their_own(screen: Any, database: Database) -> None:
    page = opened(screen)
    page.get_by_role("button", name="prompts", exact=True).click()
    screen.until("document.documentElement.dataset.knMap === 'prompts'")
    page.get_by_label("Colour by").select_option("cluster")
    known = labels(database, "prompt")
    legend = page.locator(".kn-legend .kn-entry bdi").all_inner_texts()
    assert legend == [known[c] for c in sorted(known)][: len(legend)]
    assert legend


def colours(page: Any) -> int:
    """How many colours the points have."""
    return page.locator(".kn-stage canvas").first.evaluate(
        "c => new Set(new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height)"
        ".data.buffer)).size - 1"
    )


def test_few_clusters_are_coloured_and_the_others_grey(screen: Any, database: Database) -> None:
    assert len(labels(database, "neuron")) > 7
    page = opened(screen)
    page.get_by_label("Colour by").select_option("cluster")
    screen.until("new URLSearchParams(location.search).get('colour') === 'cluster'")
    page.wait_for_timeout(100)
    assert colours(page) == 7
    n = len(labels(database, "neuron"))
    said = f"6 of {n} clusters coloured, the largest with a theme; the others grey"
    assert said in page.locator("[data-kn=map] .kn-legend").inner_text()
    page.get_by_role("combobox", name="Cluster").select_option("3")
    page.locator("[data-kn=mchosen] h3").wait_for()
    page.wait_for_timeout(100)
    assert colours(page) == 2
    assert page.locator(".kn-legend .kn-entry").all_inner_texts() == [labels(database, "neuron")[3]]
