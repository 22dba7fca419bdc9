"""The grid of a fact's neurons."""

from __future__ import annotations

import pytest

from kn_assets.database.database import Database
from kn_assets.lake import Lake
from tests.ui.knowledge.page import FACT, opened, read
from tests.ui.screen import Screen

pytestmark = pytest.mark.browser


def test_the_grid_holds_the_neurons_by_layer_and_score(page: Screen, told: Lake) -> None:
    opened(page)
    refined = {(r["layer"], r["neuron"]) for r in read(told, "knowledge_neurons", fact_id=FACT)}
    shown = page.page.locator(".kn-neuron").evaluate_all(
        "all => all.map(b => [b.getAttribute('aria-label'), b.classList.contains('kn-in-set'), "
        "Number(b.parentElement.dataset.layer)])"
    )
    scores = {(r["layer"], r["neuron"]) for r in read(told, "attributions", fact_id=FACT)}
    assert len(shown) == len(scores)
    last: dict[int, float] = {}
    for label, framed, row in shown:
        layer, neuron = (int(w.rstrip(",")) for w in label.split()[1:4:2])
        score = float(label.split("score ")[1].split(",")[0])
        assert layer == row
        assert framed == ((layer, neuron) in refined) == ("knowledge neuron" in label)
        assert score <= last.get(layer, 1)
        last[layer] = score
    page.page.locator(".kn-neuron.kn-in-set").first.hover()
    tip = page.page.locator(".kn-tip").inner_text()
    assert "in 7 of 7 prompts" in tip and "promotes" in tip
    chip, ground = (
        page.page.locator(where).first.evaluate(f"e => getComputedStyle(e).{what}")
        for where, what in ((".kn-tip .kn-chip", "color"), (".kn-tip", "backgroundColor"))
    )
    assert chip == "rgb(255, 255, 255)" and ground == "rgb(23, 32, 27)"  # light on dark
    clear = page.page.locator(".kn-tip .kn-chip").first
    assert clear.evaluate("e => getComputedStyle(e).backgroundColor") == "rgba(0, 0, 0, 0)"


def test_a_neuron_is_clicked_and_told(page: Screen, data: Database, told: Lake) -> None:
    opened(page)
    cell = page.page.locator(".kn-neuron.kn-in-set").nth(1)
    layer, neuron = (
        int(w.rstrip(",")) for w in str(cell.get_attribute("aria-label")).split()[1:4:2]
    )
    cell.click()
    page.until(f"kn.neuron?.card?.neuron === {neuron} && kn.neuron.card.layer === {layer}")
    assert cell.get_attribute("aria-pressed") == "true"
    side = page.page.locator("[data-kn=knowledge], .kn-side").locator("[data-kn=neuron]")
    assert f"Layer {layer} · neuron {neuron}" in side.inner_text()
    sharing = read(told, "knowledge_neurons", layer=layer, neuron=neuron)
    page.until(f"document.querySelectorAll('.kn-shared-fact').length === {len(sharing)}")
    page.page.get_by_role("button", name="open in Explore").click()
    page.until("kn.state.tab === 'explore'")
    assert (page.address("layer"), page.address("neuron")) == (str(layer), str(neuron))


def test_the_grid_works_by_keyboard(page: Screen) -> None:
    opened(page)
    first = page.page.locator(".kn-neuron[tabindex='0']")
    assert first.count() == 1
    first.focus()
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("ArrowDown")
    label = page.page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.page.keyboard.press("Enter")
    layer, neuron = (w.rstrip(",") for w in label.split()[1:4:2])
    page.until(f"kn.state.layer === {layer} && kn.state.neuron === {neuron}")
    assert page.page.locator(".kn-neuron[tabindex='0']").count() == 1
