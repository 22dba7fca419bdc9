"""What is chosen on the map: by a label, words, a figure, bounds; listed, and in the address."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kn_assets.database.database import Database
from tests.ui.asking import lonely, place_of, rows, title

pytestmark = pytest.mark.browser

CHOSEN = "[data-kn=mchosen]"


def opened(screen: Any, **address: object) -> Any:
    kind = address.get("map", "neurons")
    screen.open(model="tiny", tab="map", **address)
    screen.until(f"document.documentElement.dataset.knMap === '{kind}'")
    return screen.page


def ids(page: Any) -> list[str]:
    """The neurons or prompts that are listed."""
    return page.locator(f"{CHOSEN} .kn-members b").all_inner_texts()


def strongest(database: Database, where: str, *arguments: object) -> list[str]:
    found = rows(
        database,
        "SELECT concat_ws('/', layer, neuron) FROM neurons JOIN neuron_map USING (model, layer, "
        f"neuron) WHERE model = 'tiny' AND n_fired > 0 AND {where} "
        "ORDER BY abs(top_activation) DESC, layer, neuron",
        *arguments,
    )
    return [name for (name,) in found]


def test_a_clicked_label_lists_its_cluster_and_going_back_lets_it_go(
    screen: Any, database: Database
) -> None:
    page = opened(screen)
    screen.until("document.querySelector('.kn-overlay').dataset.places")
    (cluster, x, y), *_ = json.loads(
        page.evaluate("document.querySelector('.kn-overlay').dataset.places")
    )
    canvas = page.locator(".kn-stage canvas").first
    canvas.hover(position={"x": x, "y": y})
    ((label,),) = rows(
        database, "SELECT label FROM map_labels('tiny', 'neuron') WHERE cluster = $1", cluster
    )
    assert f"cluster {cluster}: {label}" in page.locator(".kn-tip").inner_text()
    canvas.click(position={"x": x, "y": y})
    page.locator(f"{CHOSEN} h3").wait_for()
    wanted = strongest(database, "cluster = $1", cluster)
    assert page.locator(f"{CHOSEN} h3").inner_text() == f"{len(wanted)} neurons selected"
    assert ids(page) == wanted
    assert screen.address("cluster") == str(cluster)
    page.locator(f"{CHOSEN} .kn-members button").nth(1).click()
    layer, neuron = wanted[1].split("/")
    screen.until(f"kn.neuron?.card?.neuron === {neuron}")
    assert title(screen, "neuron") == f"Layer {layer} · neuron {neuron}"
    page.go_back()
    page.go_back()
    page.locator(f"{CHOSEN} h3").wait_for(state="hidden")
    assert screen.address("cluster") is None


def test_what_a_lasso_holds_is_listed_and_its_query_gives_the_same(
    screen: Any, database: Database
) -> None:
    page = opened(screen)
    page.get_by_role("button", name="lasso").click()
    box = page.locator(".kn-stage").bounding_box()
    corners = [(0.35, 0.2), (0.75, 0.5), (0.35, 0.8), (0.35, 0.3)]
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()
    page.locator(f"{CHOSEN} h3").wait_for()
    listed = ids(page)
    region = screen.address("region")
    page.locator(CHOSEN).get_by_role("button", name="show as SQL").click()
    page.locator(".kn-result tbody tr").first.wait_for()
    found = rows(database, screen.address("query"))
    names = [d[0] for d in database.cursor().execute(screen.address("query")).description]
    at = [names.index(name) for name in ("layer", "neuron")]
    assert listed == [f"{row[at[0]]}/{row[at[1]]}" for row in found]
    assert len(listed) > 5
    # and it comes back from the address
    page = opened(screen, region=region)
    page.locator(f"{CHOSEN} h3").wait_for()
    assert ids(page) == listed
    assert page.locator(f"{CHOSEN} .kn-chip", has_text="drawn region").count() == 1


def test_words_light_what_they_name_and_count_it(screen: Any, database: Database) -> None:
    page = opened(screen)
    ((country,),) = rows(
        database,
        "SELECT country FROM neuron_points('tiny') WHERE country IS NOT NULL "
        "AND regexp_matches(country, '^[A-Z][a-z]+$') GROUP BY ALL ORDER BY count(*) DESC LIMIT 1",
    )
    find = page.get_by_role("searchbox", name="Find on the map")
    find.fill(country.lower())
    find.press("Enter")
    page.locator(f"{CHOSEN} h3").wait_for()
    names = rows(database, "SELECT DISTINCT layer, neuron FROM neurons_found('tiny', $1)", country)
    drawn = {f"{layer}/{neuron}" for layer, neuron in names} & set(strongest(database, "true"))
    assert ids(page) == [name for name in strongest(database, "true") if name in drawn]
    assert page.locator(f"{CHOSEN} h3").inner_text() == f"{len(drawn)} neurons selected"
    ways = dict(
        rows(
            database,
            "SELECT found_as, count(*) FROM neurons_found('tiny', $1) GROUP BY ALL",
            country,
        )
    )
    said = page.locator(CHOSEN, has_text="Found:").inner_text()
    assert f"{ways['country']} fire most on a prompt about that country" in said
    layer, neuron = lonely(database)
    find.fill(f"{layer}/{neuron}")
    find.press("Enter")
    screen.until(f"document.querySelector('{CHOSEN} h3')?.textContent === '1 neuron selected'")
    assert ids(page) == [f"{layer}/{neuron}"]
    find.fill("zzz no such thing")
    find.press("Enter")
    screen.until(f"document.querySelector('{CHOSEN} h3')?.textContent === '0 neurons selected'")
    page.locator(CHOSEN).get_by_role("button", name="clear").click()
    page.locator(f"{CHOSEN} h3").wait_for(state="hidden")
    assert find.input_value() == ""


def test_bounds_leave_out_the_others_and_say_how_many(screen: Any, database: Database) -> None:
    page = opened(screen)
    every = len(strongest(database, "true"))
    ((n,),) = rows(database, "SELECT count(*) FROM neuron_map WHERE model = 'tiny'")
    count = page.locator("[data-kn=map] .kn-count")
    assert count.inner_text() == f"{every} of {n} neurons drawn; {n - every} never fired"
    first = page.get_by_label("First layer")
    first.fill("2")
    first.press("Tab")
    page.get_by_label("Firing rate").select_option("always")
    wanted = strongest(database, "layer BETWEEN 2 AND 5 AND firing_rate >= 0.1")
    screen.until(
        f"document.querySelector('{CHOSEN} h3')?.textContent === '{len(wanted)} neurons selected'"
    )
    assert 0 < len(wanted) < every
    assert ids(page) == wanted
    out = every - len(wanted)
    assert count.inner_text() == (
        f"{len(wanted)} of {n} neurons drawn; {n - every} never fired; {out} out of the bounds"
    )
    assert (screen.address("layers"), screen.address("rate")) == ("2-5", "always")


def test_neurons_that_never_fired_are_drawn_on_demand(screen: Any, database: Database) -> None:
    page = opened(screen)
    drawn = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.join()"
    canvas = page.locator(".kn-stage canvas").first
    before = canvas.evaluate(drawn)
    silent = rows(
        database, "SELECT layer, neuron FROM neurons WHERE model = 'tiny' AND n_fired = 0"
    )
    box = page.get_by_label(f"show {len(silent)} neurons that never fired")
    box.check()
    count = "document.querySelector('[data-kn=map] .kn-count').textContent"
    screen.until(f"{count}.endsWith('{len(silent)} never fired, in rows below')")
    page.wait_for_timeout(100)
    assert canvas.evaluate(drawn) != before
    assert screen.address("silent") == "1"
    # the lowest pixels are theirs, and say so
    x, y, ratio = canvas.evaluate(
        """c => {
          const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
          let at = data.length - 1;
          while (!data[at]) at -= 4;
          const i = (at - 3) / 4;
          return [i % c.width, Math.floor(i / c.width), c.width / c.clientWidth];
        }"""
    )
    canvas.hover(position={"x": x / ratio - 1, "y": y / ratio - 1})
    told = page.locator(".kn-tip").inner_text()
    assert told.endswith("never fired at a token of this atlas")
    assert any(told.startswith(f"layer {a} · neuron {b} ·") for a, b in silent)
    box.uncheck()
    screen.until(f"!{count}.includes('in rows below')")
    page.wait_for_timeout(100)
    assert canvas.evaluate(drawn) == before


def test_colours_and_place_are_in_the_address_and_come_back(screen: Any) -> None:
    page = opened(screen)
    drawn = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.join()"
    canvas = page.locator(".kn-stage canvas").first
    whole = canvas.evaluate(drawn)
    page.get_by_label("Colour by").select_option("rate")
    canvas.press("+")
    canvas.press("+")
    screen.until("new URLSearchParams(location.search).get('place')")
    assert float(screen.address("place").split(",")[0]) > 1.5
    assert screen.address("colour") == "rate"
    page.wait_for_timeout(100)
    zoomed = canvas.evaluate(drawn)
    where = page.locator(".kn-where").inner_text()
    assert "drawn neurons in view" in where
    page.reload()
    screen.settled("document.documentElement.dataset.knState === 'ready'")
    screen.until("document.documentElement.dataset.knMap === 'neurons'")
    page.wait_for_timeout(200)
    assert page.locator(".kn-where").inner_text() == where
    assert page.get_by_label("Colour by").input_value() == "rate"
    assert canvas.evaluate(drawn) == zoomed
    canvas.press("0")
    screen.until("!new URLSearchParams(location.search).get('place')")
    page.get_by_label("Colour by").select_option("layer")
    page.wait_for_timeout(100)
    assert canvas.evaluate(drawn) == whole
    page.go_back()
    screen.until("new URLSearchParams(location.search).get('colour') === 'rate'")
    screen.until("document.querySelector('[aria-label=\"Colour by\"]').value === 'rate'")


def test_deep_in_the_map_its_region_is_still_named(screen: Any, database: Database) -> None:
    """Where no cluster has its middle in view, those whose points are there are named."""
    layer, neuron = lonely(database)
    page = opened(screen)
    box = page.locator(".kn-stage").bounding_box()
    place = place_of(screen, database, layer, neuron)
    page.mouse.move(box["x"] + place["x"], box["y"] + place["y"])
    for _ in range(9):
        page.mouse.wheel(0, -300)
    screen.until("document.querySelector('.kn-where').textContent.startsWith('1 of')")
    ((cluster,),) = rows(
        database, "SELECT cluster FROM neuron_map WHERE layer = $1 AND neuron = $2", layer, neuron
    )
    where = page.locator(".kn-where").inner_text()
    assert (f"100.0 % of them in cluster {cluster}:" in where) == (cluster >= 0)


def test_the_map_of_prompts_shows_the_prompt_at_its_side(screen: Any, database: Database) -> None:
    page = opened(screen, map="prompts", prompt=3)
    pane = page.locator("[data-kn=mprompt]")
    pane.locator(".kn-members li").first.wait_for()
    assert not page.locator("#kn-map [data-kn=neuron]").is_visible()
    tokens = rows(database, "SELECT token FROM prompt_tokens('tiny', 3)")
    assert pane.locator(".kn-mtoken").count() == len(tokens)
    wanted = rows(database, "SELECT layer, neuron FROM prompt_neurons('tiny', 3, 40)")
    found = pane.locator(".kn-members b").all_inner_texts()
    assert found == [f"{layer}/{neuron}" for layer, neuron in wanted]
    page.get_by_role("button", name="neurons", exact=True).click()
    screen.until("document.documentElement.dataset.knMap === 'neurons'")
    assert page.locator("#kn-map [data-kn=neuron]").is_visible()
    assert not pane.is_visible()
    page.go_back()
    screen.until("document.documentElement.dataset.knMap === 'prompts'")
    assert pane.is_visible()
