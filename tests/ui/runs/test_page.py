"""A text of one's own in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kn_assets.lake import Lake
from tests.ui.asking import TITLES, click_cell, show_product
from tests.ui.screen import Screen

pytestmark = pytest.mark.browser


def test_a_text_of_ones_own_is_run_and_shown(
    screens: Callable[[str], Screen], serve: Callable[..., str], live_lake: Lake
) -> None:
    text = "Kabul <script>alert(1)</script> `${1}` \u202eis the capital"
    screen = screens(serve(live_lake)).open(layer=1, neuron=3)
    neuron = screen.address("neuron")
    screen.page.locator(".kn-live summary").click()
    box = screen.page.get_by_label("Your own text")
    box.fill(text)
    screen.page.set_default_timeout(60_000)
    with screen.shown(".kn-progress progress"):
        box.press("Enter")
    screen.until("document.querySelector('[data-kn=prompt] h2')?.textContent === 'Your text'")
    tokens = screen.page.locator(".kn-text .kn-token").count()
    said = screen.page.locator("[data-kn=prompt] .kn-count").first.inner_text()
    assert said.endswith("tokens, run live")
    assert str(tokens) in said
    assert screen.address("text") == text
    assert screen.address("prompt") is None
    assert screen.address("neuron") == neuron
    shown = screen.page.locator(".kn-text .kn-token").all_text_contents()
    assert "".join(t for t in shown if t != "⟨byte⟩") == text.replace("\u202e", "⟨202E⟩")
    assert screen.page.locator("[data-kn=prompt] [aria-selected=true]").count() == 0
    screen.settled("kn.target.data?.lensRank")  # what the text's run is asked for next
    before = len(screen.requests)
    screen.page.get_by_role("slider", name="Token").press("ArrowLeft")
    assert screen.requests[before:] == []
    # A neuron that fired here: what it is comes from the corpus, its weights from this text.
    click_cell(screen, 1, 0)
    screen.settled("kn.neuron?.card?.layer === 1")
    pane = screen.page.locator("[data-kn=neuron]:visible")
    assert pane.locator(".kn-example").count() > 0
    show_product(screen)
    titles = pane.locator(".kn-weighted .kn-token").evaluate_all(TITLES)
    assert len(titles) == len(shown)
    assert any("attention ×" in title for title in titles)
    assert not pane.locator(".kn-lower .kn-sql").is_visible()
    screen.page.reload()
    screen.until("document.querySelector('[data-kn=prompt] h2')?.textContent === 'Your text'")
    pane.locator(".kn-open").first.click()
    screen.until("new URLSearchParams(location.search).get('prompt') !== null")
    assert screen.address("text") is None
    screen.page.go_back()
    screen.until("document.querySelector('[data-kn=prompt] h2')?.textContent === 'Your text'")


def test_a_model_that_is_not_here_is_said(screen: Any) -> None:
    screen.open(model="tiny", prompt=2)
    screen.page.locator(".kn-live summary").click()
    message = screen.page.locator(".kn-live .kn-message")
    message.wait_for()
    assert "not on this machine" in message.inner_text()
    assert screen.page.locator(".kn-live .kn-run").is_disabled()
    screen.open(model="tiny", text="from a link")
    screen.page.locator("[data-kn=prompt] .kn-error").wait_for()
    assert "not on this machine" in screen.page.locator("[data-kn=prompt] .kn-error").inner_text()


def test_a_run_is_cancelled_from_the_keyboard(
    screens: Callable[[str], Screen], serve: Callable[..., str], live_lake: Lake
) -> None:
    screen = screens(serve(live_lake)).open()  # its model isn't loaded yet, which takes a while
    screen.page.set_default_timeout(60_000)
    screen.page.locator(".kn-live summary").click()
    box = screen.page.get_by_label("Your own text")
    box.fill("Kabul is the capital")
    box.press("Enter")
    cancel = screen.page.locator(".kn-live").get_by_role("button", name="Cancel")
    cancel.wait_for()
    cancel.press("Enter")
    screen.page.locator("[data-kn=prompt] .kn-message", has_text="cancelled").wait_for()
    assert not cancel.is_visible()
    assert screen.page.locator(".kn-live .kn-run").is_enabled()
    screen.page.locator(".kn-live .kn-run").click()  # the place is free again
    screen.until("document.querySelector('[data-kn=prompt] h2')?.textContent === 'Your text'")


def test_no_text_is_said(
    screens: Callable[[str], Screen], serve: Callable[..., str], live_lake: Lake
) -> None:
    screen = screens(serve(live_lake)).open()
    held = screen.keep_back("can_run")
    screen.page.locator(".kn-live summary").click()
    box = screen.page.get_by_label("Your own text")
    run = screen.page.locator(".kn-live .kn-run")
    message = screen.page.locator(".kn-live .kn-message")
    box.fill("  ")
    box.press("Enter")
    message.wait_for()
    (whether_it_is_here,) = held
    whether_it_is_here.continue_()
    screen.settled()
    assert message.inner_text() == "There is no text yet: write some words, then run them."
    assert screen.address("text") is None
    box.fill("")
    run.click()
    assert message.count() == 1
    assert box.evaluate("box => box === document.activeElement")
