"""The map in a real browser: points, box and lasso, fingers, keys."""

from __future__ import annotations

from typing import Any

import pytest

from kn_assets.database.database import Database
from tests.ui.asking import lonely, place_of, rows, title

pytestmark = pytest.mark.browser


def test_the_map_selects_a_neuron_and_shows_its_prompts(screen: Any, database: Database) -> None:
    layer, neuron = lonely(database)
    screen.open(model="tiny", prompt=2, token=5)
    screen.tab("Map")
    screen.until("document.documentElement.dataset.knMap === 'neurons'")
    screen.page.locator(".kn-stage canvas").first.click(
        position=place_of(screen, database, layer, neuron)
    )
    screen.until(f"new URLSearchParams(location.search).get('neuron') === '{neuron}'")
    assert screen.address("layer") == str(layer)
    assert screen.address("tab") == "map"
    top = rows(database, "SELECT name FROM neuron_prompts('tiny', $1, $2, 10)", layer, neuron)
    screen.until(f"kn.neuron?.card?.neuron === {neuron}")
    names = screen.page.locator("[data-kn=neuron]:visible .kn-two section").first
    assert names.locator(".kn-open b").all_inner_texts() == [name for (name,) in top]
    screen.tab("Explore")
    assert title(screen, "neuron") == f"Layer {layer} · neuron {neuron}"
    examples = screen.page.locator("[data-kn=neuron]:visible .kn-two section").first
    assert examples.locator(".kn-open b").all_inner_texts() == [name for (name,) in top]


def test_a_box_on_the_map_is_counted_and_opens_as_sql(screen: Any, database: Database) -> None:
    screen.open(model="tiny", tab="map")
    screen.until("document.documentElement.dataset.knMap === 'neurons'")
    screen.page.get_by_role("button", name="select a box").click()
    box = screen.page.locator(".kn-stage").bounding_box()
    screen.page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
    screen.page.mouse.down()
    screen.page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.7, steps=4)
    screen.page.mouse.up()
    found = screen.page.locator(".kn-selection h3")
    found.wait_for()
    screen.page.locator(".kn-selection").get_by_role("button", name="show as SQL").click()
    screen.page.locator(".kn-result tbody tr").first.wait_for()
    query = screen.address("query")
    assert "BETWEEN" in query
    (n,) = rows(database, f"SELECT count(*) FROM ({query})")[0]
    assert n > 0
    assert f"{n} rows" in screen.page.locator("[data-kn=sql] .kn-count").first.inner_text()


def test_a_lasso_selects_what_lies_in_it(screen: Any, database: Database) -> None:
    screen.open(model="tiny", tab="map")
    screen.until("document.documentElement.dataset.knMap === 'neurons'")
    screen.page.get_by_role("button", name="lasso").click()
    box = screen.page.locator(".kn-stage").bounding_box()
    corners = [(0.3, 0.2), (0.7, 0.5), (0.3, 0.8), (0.3, 0.3)]
    screen.page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.2)
    screen.page.mouse.down()
    for x, y in corners[1:]:
        screen.page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y, steps=8)
    screen.page.mouse.up()
    found = screen.page.locator(".kn-selection h3")
    found.wait_for()
    assert screen.page.locator(".kn-selection .kn-chip").count() > 1
    words = found.inner_text()
    screen.page.locator(".kn-selection").get_by_role("button", name="show as SQL").click()
    screen.page.locator(".kn-result tbody tr").first.wait_for()
    query = screen.address("query")
    assert "inside(x, y" in query
    (n,) = rows(database, f"SELECT count(*) FROM ({query})")[0]
    assert words == f"{n} neurons selected"
    assert n > 0
    # The left half of the drawn triangle's box holds more than its tip at the right.
    low, high = rows(database, f"SELECT min(x), max(x) FROM ({query})")[0]
    (left,) = rows(database, f"SELECT count(*) FROM ({query}) WHERE x < {(low + high) / 2}")[0]
    assert left > n / 2


def test_two_fingers_zoom_the_map(screen: Any) -> None:
    screen.open(model="tiny", tab="map")
    screen.until("document.documentElement.dataset.knMap === 'neurons'")
    box = screen.page.locator(".kn-stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = screen.page.context.new_cdp_session(screen.page)

    def fingers(kind: str, apart: float | None) -> None:
        points = [] if apart is None else [{"x": x + d * apart, "y": y} for d in (-1, 1)]
        points = [{**p, "id": i} for i, p in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    pixels = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.join()"
    canvas = screen.page.locator(".kn-stage canvas").first
    before = canvas.evaluate(pixels)
    chosen = [screen.address(name) for name in ("layer", "neuron", "cluster", "tab")]
    fingers("touchStart", 40)
    for apart in (60, 80, 120):
        fingers("touchMove", apart)
    screen.page.wait_for_timeout(100)
    assert canvas.evaluate(pixels) != before
    for apart in (80, 60, 40):
        fingers("touchMove", apart)
    screen.page.wait_for_timeout(100)
    assert canvas.evaluate(pixels) == before  # back where it was
    fingers("touchEnd", None)
    screen.until("new URLSearchParams(location.search).get('place')")
    # no point was taken for a click
    assert [screen.address(name) for name in ("layer", "neuron", "cluster", "tab")] == chosen


def test_prompts_are_on_the_map_too(screen: Any) -> None:
    screen.open(model="tiny", tab="map")
    screen.page.get_by_role("button", name="prompts", exact=True).click()
    screen.until("document.documentElement.dataset.knMap === 'prompts'")
    stage = screen.page.locator(".kn-stage canvas").first
    stage.focus()
    stage.press("ArrowRight")
    stage.press("ArrowLeft")
    stage.press("Enter")
    screen.page.get_by_role("button", name="open in Explore").click()
    screen.until("new URLSearchParams(location.search).get('tab') === 'explore'")
