"""Search, links, what is missing, queries and legibility of the tab Knowledge."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from kn_assets import lake as lakes
from kn_assets.lake import Lake
from tests.made import make_lake
from tests.ui.asking import CONTRAST
from tests.ui.knowledge.page import FACT, opened, read
from tests.ui.screen import Screen

pytestmark = pytest.mark.browser


def test_a_fact_is_typed_and_picked_by_keyboard(page: Screen, told: Lake) -> None:
    opened(page)
    box = page.page.locator("[data-kn=facts]").get_by_role("combobox", name="Search facts")
    box.fill("sao paulo")
    page.until("!document.querySelector('[data-kn=facts] .kn-list').textContent.includes('Kabul')")
    box.press("ArrowDown")
    box.press("ArrowDown")
    box.press("Enter")
    page.until("document.querySelector('[data-kn=fact] h2').textContent.startsWith('São Paulo')")
    fact = int(str(page.address("fact")))
    (row,) = [
        f for f in told.read(lakes.corpus("made"), "facts").to_pylist() if f["fact_id"] == fact
    ]
    title = page.page.locator("[data-kn=fact] h2").inner_text()
    assert title.split(" → ") == [row["subject"], row["object"]]
    picked = page.page.locator("[data-kn=facts] [aria-selected=true]")
    assert picked.get_attribute("data-fact") == str(fact)


def test_hostile_names_and_tokens_are_text(page: Screen, told: Lake) -> None:
    facts = told.read(lakes.corpus("made"), "facts").to_pylist()
    asked = {r["fact_id"] for r in read(told, "knowledge_neurons")}
    fact = next(f for f in facts if "<script>" in f["subject"] and f["fact_id"] in asked)
    opened(page, fact["fact_id"])
    assert fact["subject"] in page.page.locator("[data-kn=fact] h2").inner_text()
    assert page.page.locator("[data-kn] script, [data-kn] b b").count() == 0


def test_a_link_restores_fact_and_neuron(page: Screen) -> None:
    opened(page, fact=2)
    cell = page.page.locator(".kn-neuron").nth(2)
    cell.click()
    label = cell.get_attribute("aria-label")
    page.until("new URLSearchParams(location.search).get('neuron') === String(kn.state.neuron)")
    title = page.page.locator("[data-kn=fact] h2").inner_text()
    page.page.reload()
    page.until("document.querySelector('.kn-neuron[aria-pressed=true]')")
    pressed = page.page.locator(".kn-neuron[aria-pressed=true]")
    assert pressed.get_attribute("aria-label") == label
    assert page.page.locator("[data-kn=fact] h2").inner_text() == title


@pytest.mark.parametrize("fact", ["99999", "1e3", "../x"])
def test_a_fact_that_is_not_there_is_said(page: Screen, fact: str) -> None:
    opened(page, fact=fact)
    page.until("!document.querySelector('.kn-notice').hidden")
    assert f"no fact {fact}" in page.page.locator(".kn-notice").inner_text()


def test_every_query_of_the_tab_answers(page: Screen, told: Lake) -> None:
    fires = {(r["layer"], r["neuron"]) for r in read(told, "neuron_peaks")}
    held = next(
        r
        for r in read(told, "knowledge_neurons", fact_id=FACT)
        if (r["layer"], r["neuron"]) in fires
    )
    opened(page, layer=held["layer"], neuron=held["neuron"])
    page.until("document.querySelector('.kn-shared-fact')")
    buttons = page.page.locator(".kn-knowledge .kn-query").filter(has_text="show as SQL")
    n = buttons.count()
    assert n == 6
    for i in range(n):
        # as the pane's list of queries does
        buttons.nth(i).evaluate("b => b.dispatchEvent(new CustomEvent('click'))")
        page.until("kn.state.tab === 'sql'")
        page.until("document.querySelector('.kn-result tbody tr')")
        assert page.page.locator("[data-kn=sql] .kn-error").count() == 0
        page.tab("Knowledge")
        page.until("document.querySelector('.kn-claim')")


def test_a_model_that_is_not_here_is_said(page: Screen) -> None:
    opened(page)
    page.page.get_by_role("button", name="× factor").click()
    message = page.page.get_by_label("Effect of interventions").locator(".kn-message")
    message.wait_for()
    assert "not on this machine" in message.inner_text()
    page.page.locator(".kn-own-form summary").click()
    assert page.page.locator(".kn-own-form .kn-run").is_disabled()


def test_a_lake_without_facts_says_what_to_run(
    screens: Callable[[str], Screen],
    serve: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    lake = make_lake(tmp_path_factory.mktemp("bare"))
    for table in ("facts", "fact_prompts"):
        shutil.rmtree(lake.folder(lakes.corpus("made")) / table)
    page = screens(serve(lake)).open(model="tiny", tab="knowledge").page
    for pane in ("facts", "fact"):
        message = page.locator(f"[data-kn={pane}] .kn-message").first
        message.wait_for()
        assert "kn knowledge --corpus made --model tiny" in message.inner_text()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (400, "light")])
def test_knowledge_is_legible_and_nothing_scrolls_sideways(
    page: Screen, width: int, scheme: str
) -> None:
    page.page.emulate_media(color_scheme=scheme)
    page.page.set_viewport_size({"width": width, "height": 800})
    opened(page)
    page.page.locator(".kn-own-form summary").click()
    page.settled()
    page.page.wait_for_timeout(300)
    ratio, text = page.page.evaluate(CONTRAST)
    assert ratio >= 4.5, text
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
