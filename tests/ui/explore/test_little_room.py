"""Explore in a real browser where there is little room for its rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.made import make_lake
from tests.ui.screen import Screen

pytestmark = pytest.mark.browser


def test_the_own_text_form_and_a_long_text_leave_the_rows_in_reach(
    screens: Callable[[str], Screen],
    serve: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = tmp_path_factory.mktemp("long")
    lake = make_lake(root, n_prompts=3, n_layers=30, n_neurons=40, n_tokens=150, density=0.2)
    screen = screens(serve(lake))
    screen.page.set_viewport_size({"width": 1280, "height": 720})
    screen.open(prompt=1, token=140, layer=29, neuron=0)
    held = screen.keep_back("can_run")
    screen.page.locator(".kn-live summary").click()
    foot = screen.page.locator(".kn-foot").bounding_box()
    rows_box = screen.page.locator(".kn-rows").bounding_box()
    assert foot is not None
    assert rows_box is not None
    assert foot["y"] + foot["height"] <= 720
    assert rows_box["height"] >= 60
    screen.page.evaluate("kn.go({ layer: 0, neuron: 1 })")
    at_foot = "[0].scrollTop > 0 && kn.neuron?.card?.layer === 0"
    screen.until(f"document.getElementsByClassName('kn-rows'){at_foot}")
    (last,) = held
    last.continue_()  # that the model isn't here is said only now, and takes room from the rows
    screen.page.locator(".kn-live .kn-message").wait_for()
    screen.settled()
    smaller = screen.page.locator(".kn-rows").bounding_box()
    assert smaller is not None
    assert smaller["height"] < rows_box["height"]
    rows_box = smaller
    line = screen.page.locator(".kn-lens[data-layer='0']").bounding_box()
    assert line is not None
    assert rows_box["y"] <= line["y"] <= rows_box["y"] + rows_box["height"] - line["height"] + 1
    font = screen.page.locator(".kn-lens").first.evaluate(
        "e => parseFloat(getComputedStyle(e).fontSize)"
    )
    assert font * 1.15 <= line["height"]
    current = screen.page.locator(".kn-text [aria-current]").bounding_box()
    text = screen.page.locator(".kn-text").bounding_box()
    assert current is not None
    assert text is not None
    assert text["y"] <= current["y"] <= text["y"] + text["height"]


def test_a_panel_of_a_chip_stays_on_a_phone(screen: Screen) -> None:
    screen.open(model="tiny", prompt=2, token=5, layer=0, neuron=7)
    for width in (400, 480):  # one chip under the other, and both in a row
        screen.page.set_viewport_size({"width": width, "height": 800})
        for chip in screen.page.locator(".kn-popover > button").all():
            chip.click()
            box = screen.page.locator(".kn-panel:visible").bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert screen.page.evaluate("document.documentElement.scrollWidth") <= width
            screen.page.keyboard.press("Escape")
