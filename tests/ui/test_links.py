"""The address says what is on screen."""

from __future__ import annotations

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
    screen.until("document.documentElement.dataset.knState === 'ready'")
    assert {name: screen.address(name) for name in wanted} == wanted
    screen.page.locator("#kn-list li").first.click()
    screen.until("new URLSearchParams(location.search).get('prompt') !== '3'")
    screen.tab("Map")
    screen.until("new URLSearchParams(location.search).get('tab') === 'map'")
    screen.page.go_back()
    screen.until("new URLSearchParams(location.search).get('tab') === 'explore'")
    screen.page.go_back()
    screen.until("new URLSearchParams(location.search).get('prompt') === '3'")
    screen.until("kn.prompt.prompt.prompt_id === 3")
    assert screen.page.locator("#kn-tabs [role=tab][aria-selected=true]").inner_text() == "Explore"


def test_nonsense_in_the_address_is_ignored_and_said(screen: Any) -> None:
    screen.open(model="nobody", prompt="-1", token="<b>", layer="99", neuron="4", tab="x")
    notice = screen.page.locator(".kn-notice").inner_text()
    for part in ("model=nobody", "prompt=-1", "token=<b>", "layer=99", "tab=x"):
        assert part in notice
    assert screen.page.locator(".kn-rows").is_visible()
