"""The frame of the page for who uses the keyboard, a screen reader or a phone."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

pytestmark = pytest.mark.browser

# The words of an element as a screen reader has them: all of its text, whatever its places are.
NAME = "e => e.getAttribute('aria-label') ?? e.textContent"


def test_the_first_key_skips_to_the_panes(screen: Any) -> None:
    screen.open(model="tiny", prompt=2)
    screen.page.keyboard.press("Tab")
    link = screen.page.get_by_role("link", name="Skip to the panes")
    assert link.evaluate("e => e === document.activeElement")
    box = link.bounding_box()
    assert box is not None
    assert box["y"] >= 0  # seen, once it has the focus
    screen.page.keyboard.press("Enter")
    assert screen.page.evaluate(
        "document.querySelector('#kn-tabs').contains(document.activeElement)"
    )


def test_words_beside_each_other_are_told_apart(screen: Any) -> None:
    screen.open(model="tiny", prompt=2)
    row = screen.page.locator("#kn-list li").first
    parts = [p.strip() for p in row.locator("bdi").all_inner_texts() if p.strip()]
    name = row.evaluate(NAME)
    assert len(parts) > 1
    assert not [pair for pair in itertools.pairwise(parts) if "".join(pair) in name]


def test_on_a_phone_a_link_leads_to_its_prompt_and_a_tap_to_the_neuron(screen: Any) -> None:
    screen.page.set_viewport_size({"width": 400, "height": 800})
    screen.open(model="tiny", prompt=2, token=5)
    title = screen.page.locator("[data-kn=prompt] h2").bounding_box()
    assert title is not None
    assert title["y"] < 800  # and not below a list of prompts
    cells = screen.page.locator("canvas.kn-cells")
    cells.scroll_into_view_if_needed()
    cells.click(position={"x": 4, "y": 4})
    see = screen.page.locator(".kn-see")
    see.wait_for()
    see.click()
    screen.until(
        "document.querySelector('[data-kn=neuron]').getBoundingClientRect().top < innerHeight / 2"
    )


@pytest.mark.parametrize("width", [400, 1280])
def test_a_word_of_200_letters_overflows_nothing(screen: Any, width: int) -> None:
    screen.page.set_viewport_size({"width": width, "height": 800})
    screen.open(model="tiny", prompt=2)
    word = "a" * 200
    screen.page.get_by_role("combobox", name="Search cities").fill(word)
    screen.page.locator("[data-kn=cities] .kn-none", has_text=word).wait_for()
    screen.page.evaluate("ask => kn.go({ask})", word)
    screen.page.locator(".kn-ask-reading, .kn-ask-sheet p").first.wait_for()
    assert screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
