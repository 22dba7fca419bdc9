"""Each term of the glossary in a heading or a label has its definition in the same pane."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from kn_assets.lake import Lake
from tests.docs.pages import ROOT, TEXTS
from tests.made import add_training, make_lake
from tests.ui.screen import Screen

pytestmark = pytest.mark.browser

MEANINGS = json.loads((ROOT / "ui/static/page/glossary.json").read_text(encoding="utf-8"))
# Headings and labels of each pane on screen, and the terms that are explained in it.
PANES = """
() => [...document.querySelectorAll('[data-kn]')].filter(p => p.checkVisibility()).map(pane => {
  const own = node => node.closest('[data-kn]') === pane && node.checkVisibility();
  const texts = [...pane.querySelectorAll('h2, h3, h4, th, dt, legend, label, summary')]
    .filter(own)
    .map(node => {
      const copy = node.cloneNode(true);
      // What the lake's own words are in, and what has a text of its own to be read in.
      copy.querySelectorAll('bdi, code, select, button, .kn-prose').forEach(part => part.remove());
      return copy.textContent;
    });
  const terms = [...pane.querySelectorAll('[data-term]')].filter(own);
  return {
    name: pane.dataset.kn,
    texts,
    terms: terms.map(node => node.dataset.term),
    reachable: terms.every(node => node.tabIndex >= 0),
  };
})
"""


def words() -> list[str]:
    """The glossary's terms by its page, the longest first; a prompt is in it with what it is of."""
    cells = [line.split(" | ")[0][2:] for line in TEXTS["docs/glossary.md"].splitlines()
             if line.startswith("| ") and not line.startswith(("| term |", "| --"))]  # fmt: skip
    single = {word for cell in cells for word in cell.lower().split(", ") if "of " not in word}
    return sorted({*single, "prompt"}, key=len, reverse=True)


def terms_in(text: str) -> set[str]:
    found = set()
    for word in words():
        pattern = rf"(?<![\w-]){re.escape(word)}s?(?![\w-])"
        case = 0 if word == "p" else re.IGNORECASE
        wanted = pattern.replace("p", "P", 1) if word == "p" else pattern
        if re.search(wanted, text, case):
            found.add(word)
            text = re.sub(wanted, "·", text, flags=case)
    return found


def plain(term: str) -> str:
    return "prompt" if term.startswith("prompt (") else term


def unexplained(screen: Screen) -> dict[str, set[str]]:
    """By pane the terms in its headings and labels that nothing in it explains."""
    panes = screen.page.evaluate(PANES)
    assert all(pane["reachable"] for pane in panes)
    lacking = {}
    for pane in panes:
        told = {plain(term) for term in pane["terms"]}
        named = set().union(*map(terms_in, pane["texts"])) if pane["texts"] else set()
        missing = {t for t in named if not {t, f"{t}s", t.removesuffix("s")} & told}
        if missing:
            lacking[pane["name"]] = missing
    return lacking


def settle(screen: Screen) -> None:
    screen.settled()
    screen.page.wait_for_timeout(700)  # panes are looked through once they rest


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., str]) -> str:
    root = tmp_path_factory.mktemp("terms")
    make_lake(root)
    add_training(root)
    return serve(Lake(root))


def test_each_pane_explains_its_terms(screens: Callable[[str], Screen], where: str) -> None:
    screen = screens(where).open(model="tiny", prompt=2)
    told: dict[str, Any] = {}
    seen = 0
    for tab, ready in (
        ("Explore", ".kn-card"),
        ("Knowledge", "#kn-knowledge [data-kn=fact] h2"),
        ("Training", "#kn-training [data-kn=story] h2"),
        ("SQL", "[data-kn=sql] h2"),
    ):
        screen.tab(tab)
        screen.page.locator(ready).first.wait_for()
        settle(screen)
        told[tab] = unexplained(screen)
        seen += screen.page.locator("[data-term]:visible").count()
    assert seen > 40
    screen.page.evaluate("kn.go({ask: 'Kabul is in Afghanistan'})")
    screen.page.locator(".kn-ask-reading").first.wait_for()
    settle(screen)
    told["the sheet"] = unexplained(screen)
    screen.page.keyboard.press("Escape")
    screen.page.get_by_role("button", name="Tour").click()
    for stop in range(1, 6):
        screen.page.locator(".kn-tour .kn-count", has_text=f"{stop} of 5").wait_for()
        settle(screen)
        told[f"stop {stop}"] = unexplained(screen)
        screen.page.locator(".kn-tour-acts button").last.click()
    assert told == {place: {} for place in told}


def test_a_definition_is_the_glossarys_and_comes_by_the_keyboard(
    screens: Callable[[str], Screen], where: str
) -> None:
    screen = screens(where).open(model="tiny", prompt=2)
    settle(screen)
    tip = screen.page.locator(".kn-tip")
    heading = screen.page.locator("[data-kn=neuron] h3 [data-term='top activating prompts']")
    heading.hover()
    tip.wait_for()
    assert tip.inner_text().endswith(MEANINGS["top activating prompts"])
    screen.page.mouse.move(0, 0)
    tip.wait_for(state="hidden")
    screen.page.keyboard.press("Tab")  # the keyboard is in use
    button = screen.page.locator("[data-kn=neuron] button[data-term]").first
    button.focus()
    tip.wait_for()
    assert tip.inner_text().endswith(MEANINGS[button.get_attribute("data-term") or ""])
    screen.page.keyboard.press("Escape")
    tip.wait_for(state="hidden")


def test_terms_that_nothing_explains_are_found(
    screens: Callable[[str], Screen], where: str
) -> None:
    screen = screens(where).open(model="tiny", prompt=2)
    settle(screen)
    note = "document.querySelector('[data-kn=neuron] h3').innerHTML = 'Saturation layer'"
    screen.page.evaluate(note)  # looked through before the page's own look
    assert "saturation layer" in unexplained(screen)["neuron"]
