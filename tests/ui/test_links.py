"""The address says what is on screen."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.ui.asking import title

pytestmark = pytest.mark.browser


def test_a_link_says_all_and_reload_and_back_keep_it(screen: Any) -> None:
    wanted = {"model": "tiny", "prompt": "3", "token": "4", "layer": "2", "neuron": "11"}
    screen.open(**wanted)
    assert {name: screen.address(name) for name in wanted} == wanted
    assert title(screen, "neuron") == "Layer 2 · neuron 11"
    screen.page.reload()
    screen.settled("document.documentElement.dataset.knState === 'ready'")
    assert {name: screen.address(name) for name in wanted} == wanted
    screen.page.locator("#kn-list li").first.click()
    screen.until("new URLSearchParams(location.search).get('prompt') !== '3'")
    screen.tab("Map")
    screen.until("new URLSearchParams(location.search).get('tab') === 'map'")
    screen.page.go_back()
    screen.until("new URLSearchParams(location.search).get('tab') === 'explore'")
    screen.page.go_back()
    screen.until("new URLSearchParams(location.search).get('prompt') === '3'")
    screen.settled("kn.prompt.prompt.prompt_id === 3")
    screen.page.locator("#kn-tabs [role=tab][aria-selected=true]", has_text="Explore").wait_for()


def test_of_two_steps_back_the_last_one_stays(screen: Any) -> None:
    screen.open(model="tiny", prompt=3)
    for prompt in (5, 7):
        screen.page.evaluate("prompt => kn.go({prompt})", prompt)
    screen.settled("kn.prompt.prompt.prompt_id === 7")
    kept = []

    def first_is_kept(route: Any) -> None:
        if not kept and '"has_prompt"' in route.request.post_data:
            kept.append(route)
        else:
            route.continue_()

    screen.page.route(re.compile("/component_server/?$"), first_is_kept)
    screen.page.go_back()
    screen.until("kn.unanswered")
    screen.page.go_back()
    screen.until("kn.prompt.prompt.prompt_id === 3")
    with screen.page.expect_response(lambda r: r.request == kept[0].request):
        kept[0].continue_()
    screen.settled()
    assert screen.page.evaluate("kn.prompt.prompt.prompt_id") == 3
    assert screen.address("prompt") == "3"


def test_nonsense_in_the_address_is_ignored_and_said(screen: Any) -> None:
    screen.open(model="nobody", prompt="-1", token="<b>", layer="99", neuron="4", tab="x")
    notice = screen.page.locator(".kn-notice").inner_text()
    for words in (
        "This lake has no atlas “nobody”: its first one is shown instead.",
        "“-1” is no prompt's number: the first prompt is shown instead.",
        "“<b>” is no token's number",
        "This model has no layer 99: another neuron is shown instead.",
        "There is no tab “x”: Explore is shown instead.",
    ):
        assert words in notice
    assert screen.page.locator(".kn-rows").is_visible()


def test_pages_have_titles_of_their_own(screen: Any) -> None:
    screen.open(model="tiny", prompt=3, layer=2, neuron=11)
    name = screen.page.evaluate("kn.prompt.prompt.name")
    assert screen.page.title() == f"Explore · {name}, neuron 2/11 · tiny"
    screen.page.evaluate("kn.go({tab: 'sql', query: 'FROM atlases'})")
    screen.until("document.title === 'SQL · FROM atlases · tiny'")
    screen.page.evaluate("kn.go({tab: 'knowledge', fact: '0'})")
    fact = "document.querySelector('#kn-knowledge [data-kn=fact] h2')?.textContent"
    screen.until(f"document.title === `Knowledge · ${{{fact}}} · tiny`")


def test_a_long_text_is_in_the_address(screen: Any) -> None:
    query = "SELECT 1 AS n -- " + "words of a long query, each of them written out. " * 60
    screen.open(model="tiny", tab="sql")
    screen.page.evaluate("query => kn.go({query})", query)
    screen.until("new URLSearchParams(location.search).get('query.z')")
    assert screen.address("query") is None
    screen.page.reload()
    screen.settled("document.documentElement.dataset.knState === 'ready'")
    assert screen.page.get_by_label("SQL query").input_value() == query
    screen.page.evaluate("kn.go({query: 'FROM atlases'})")
    assert (screen.address("query"), screen.address("query.z")) == ("FROM atlases", None)
