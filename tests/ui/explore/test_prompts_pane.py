"""The left pane in a real browser: search, the list, the model picker."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from kn_assets.database.database import Database
from tests.ui.asking import rows
from tests.ui.screen import Screen

pytestmark = pytest.mark.browser


def test_search_ignores_accents_and_opens_by_keyboard(screen: Any, database: Database) -> None:
    (wanted,) = rows(
        database,
        "SELECT prompt_id, name FROM atlas_prompts('tiny') WHERE name LIKE 'São Paulo%' "
        "ORDER BY name LIMIT 1",
    )
    screen.open(model="tiny")
    box = screen.page.get_by_role("combobox", name="Search")
    box.fill("sao paulo")
    screen.until("document.querySelector('#kn-list .kn-city')?.textContent.includes('São')")
    box.press("ArrowDown")
    box.press("Enter")
    screen.until(f"new URLSearchParams(location.search).get('prompt') === '{wanted[0]}'")
    screen.until(f"document.querySelector('[data-kn=prompt] h2').textContent === {wanted[1]!r}")


def test_search_finds_only_prompts_of_the_atlas(screen: Any, database: Database) -> None:
    screen.open(model="other@step10")
    listed = screen.page.locator("#kn-list li")
    assert listed.count() == 5
    held = {r[0] for r in rows(database, "SELECT prompt_id FROM atlas_prompts('other@step10')")}
    shown = {int(listed.nth(i).get_attribute("data-prompt")) for i in range(5)}
    assert shown == held
    screen.page.get_by_role("combobox", name="Search").fill("no such city")
    note = screen.page.locator("[data-kn=cities] [role=status]", has_text="No prompt")
    note.wait_for()
    assert "“no such city”" in note.inner_text()
    assert not listed.count()


def test_another_model_is_picked(screen: Any) -> None:
    screen.open(model="tiny")
    screen.page.get_by_label("Model").select_option("other@step10")
    screen.until("document.querySelectorAll('.kn-lens').length === 3")
    assert screen.address("model") == "other@step10"


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("HERAT", "هرات"),  # another name
        ("litzmann", "Łódź"),  # a former one, begun
        ("lodz", "Łódź"),
        ("大阪", "`Ōsaka`"),  # a native one
        ("afghan", ""),  # a country
        ("north", ""),  # a word of the texts
    ],
)
def test_names_of_all_sorts_are_found_in_the_order_of_the_macro(
    screen: Any, database: Database, typed: str, first: str
) -> None:
    wanted = [
        p for (p,) in rows(database, "SELECT prompt_id FROM search_prompts('tiny', $1)", typed)
    ]
    assert wanted
    screen.open(model="tiny")
    screen.page.get_by_role("combobox", name="Search").press_sequentially(typed)
    listed = screen.page.locator("#kn-list [data-prompt]")
    screen.until(
        "document.querySelector('.kn-found').textContent.startsWith("
        f"'{len(wanted)} prompt') && document.querySelectorAll('#kn-list [data-prompt]').length"
        f" === {len(wanted)}"
    )
    assert [int(listed.nth(i).get_attribute("data-prompt")) for i in range(len(wanted))] == wanted
    assert listed.first.locator(".kn-city").inner_text().startswith(first)


def test_a_named_country_offers_the_neurons_that_mark_it(screen: Any, database: Database) -> None:
    best = rows(database, "SELECT layer, neuron FROM concept_neurons('tiny', 'Japan', k := 3)")
    screen.open(model="tiny", prompt=2)
    box = screen.page.get_by_role("combobox", name="Search")
    box.fill("jÁPAN")
    group = screen.page.get_by_role("group", name="Neurons for Japan")
    group.wait_for()
    offered = group.get_by_role("option")
    assert [
        (
            int(offered.nth(i).get_attribute("data-layer")),
            int(offered.nth(i).get_attribute("data-neuron")),
        )
        for i in range(offered.count())
    ] == best
    assert "AUROC" in offered.first.inner_text()
    screen.until("document.querySelectorAll('#kn-list [data-prompt]').length > 0")
    box.press("ArrowDown")
    box.press("ArrowDown")
    box.press("Enter")
    layer, neuron = best[1]
    screen.until(f"kn.neuron?.card?.layer === {layer} && kn.neuron.card.neuron === {neuron}")
    assert screen.address("prompt") == "2"
    offered.first.click()
    screen.until(f"new URLSearchParams(location.search).get('neuron') === '{best[0][1]}'")
    screen.page.locator("[data-kn=cities]").get_by_role("button", name="show as SQL").click()
    screen.page.get_by_role("button", name="neurons for Japan").click()
    screen.page.locator(".kn-result tbody tr").first.wait_for()
    assert "concept_neurons" in screen.address("query")


def test_the_keyboards_place_stays_when_prompts_come_after_neurons(
    screen: Any, database: Database
) -> None:
    best = rows(database, "SELECT layer, neuron FROM concept_neurons('tiny', 'Japan', k := 3)")
    screen.open(model="tiny", prompt=2)
    kept = []

    def search_is_kept(route: Any) -> None:
        if '"search"' in route.request.post_data:
            kept.append(route)
        else:
            route.continue_()

    screen.page.route(re.compile("/component_server/?$"), search_is_kept)
    box = screen.page.get_by_role("combobox", name="Search")
    box.fill("Japan")
    screen.page.get_by_role("group", name="Neurons for Japan").wait_for()
    box.press("ArrowDown")
    box.press("ArrowDown")
    with screen.page.expect_response(lambda r: r.request == kept[0].request):
        kept[0].continue_()
    screen.settled()
    box.press("Enter")
    layer, neuron = best[1]
    screen.settled(f"kn.neuron?.card?.layer === {layer} && kn.neuron.card.neuron === {neuron}")
    assert screen.address("prompt") == "2"


def test_without_concepts_the_search_says_nothing_of_them(
    screens: Callable[[str], Screen], half_url: str
) -> None:
    screen = screens(half_url).open()
    screen.page.get_by_role("combobox", name="Search").fill("japan")
    screen.until("document.querySelectorAll('#kn-list [data-prompt]').length > 0")
    screen.page.wait_for_timeout(300)
    assert screen.page.locator(".kn-concept").count() == 0
