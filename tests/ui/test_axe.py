"""axe (https://github.com/dequelabs/axe-core) finds no serious fault in any tab, nor over it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kn_assets.lake import Lake
from tests.made import add_training, make_lake
from tests.ui.screen import Screen
from ui.app import TABS

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# Gradio's own parts of the page are not ours to mend. What is not on screen is passed over, but
# only after a look at every element of it: each state is tried where it is, not in the whole page.
RUN = """
async scopes => {
  const found = await axe.run(
    { include: scopes.map(scope => [scope]), exclude: [[".kn-tip"]] },
    { resultTypes: ["violations"] },
  );
  return found.violations.map(({ id, impact, nodes }) => (
    { id, impact, nodes: nodes.slice(0, 5).map(n => `${n.html.slice(0, 160)} ${n.failureSummary}`) }
  ));
}
"""


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., str]) -> str:
    root = tmp_path_factory.mktemp("axe")
    make_lake(root)
    add_training(root)
    return serve(Lake(root))


@pytest.fixture
def screen(screens: Callable[[str], Screen], where: str) -> Screen:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci does that")
    screen = screens(where)
    screen.page.set_default_timeout(60_000)
    screen.open(model="tiny", prompt=2)
    screen.page.evaluate(AXE.read_text(encoding="utf-8"))
    return screen


def faults(screen: Screen, *scopes: str) -> list[Any]:
    """Serious ones in the parts of the page that these selectors name; each part is there."""
    for scope in scopes:
        assert screen.page.locator(scope).first.is_visible(), scope
    found = screen.page.evaluate(RUN, list(scopes))
    return [f for f in found if f["impact"] in ("serious", "critical")]


def test_axe_finds_no_serious_fault(screen: Screen) -> None:
    told = {"the bar": faults(screen, "#kn-bar")}
    for tab in TABS:
        screen.tab(tab.title)
        screen.settled(f"kn.state.tab === '{tab.id}'")
        screen.page.wait_for_timeout(700)  # for what panes do once they rest
        told[tab.id] = faults(screen, f"#kn-{tab.id}")
    screen.tab("Explore")
    screen.page.get_by_role("combobox", name="Search cities").fill("no such place")
    screen.page.locator("[data-kn=cities] .kn-none", has_text="No prompt").wait_for()
    told["an empty list"] = faults(screen, "[data-kn=cities]")
    screen.page.keyboard.press("Escape")
    screen.page.locator(".kn-toward").click()
    told["a chip's panel"] = faults(screen, "[data-kn=prompt] .kn-tools")
    screen.page.keyboard.press("Escape")
    screen.page.evaluate("kn.go({ask: 'Kabul is in Afghanistan'})")
    screen.page.locator(".kn-ask-reading").first.wait_for()
    screen.page.wait_for_timeout(700)
    told["the sheet"] = faults(screen, ".kn-ask-sheet")
    screen.page.keyboard.press("Escape")
    screen.page.get_by_role("button", name="Tour").click()
    screen.page.locator(".kn-tour .kn-count").wait_for()
    told["the tour"] = faults(screen, ".kn-tour")
    screen.page.evaluate("kn.go({ask: '', tab: 'explore', layer: 1, neuron: 3, whole: 'neuron'})")
    near = screen.page.locator("[data-kn-part='Nearest neurons']")
    near.scroll_into_view_if_needed()
    near.locator(".kn-link").first.wait_for()
    screen.settled()
    told["a neuron's page"] = faults(screen, "[data-kn=neuron-page]")
    assert told == {place: [] for place in told}


def test_axe_can_find_a_fault(screen: Screen) -> None:
    note = "document.getElementById('kn-list').innerHTML = '<li>nothing found</li>'"
    screen.page.evaluate(note)  # as lists were that had a note in place of options
    found = faults(screen, "[data-kn=cities]")
    assert "aria-required-children" in [f["id"] for f in found]
