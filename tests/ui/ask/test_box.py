"""The box that asks, in a browser: to a fact's neurons in two acts, to its SQL, and live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kn_assets import lake as lakes
from kn_assets.lake import Lake
from tests.asked import FRANCE, MODEL
from tests.live.test_knowledge import lake_with_facts
from tests.ui.ask.test_sheet import fact_of
from tests.ui.screen import Screen

pytestmark = pytest.mark.browser


def ask(page: Any, text: str) -> None:
    page.page.keyboard.press("/")
    page.page.keyboard.type(text)
    page.page.keyboard.press("Enter")
    page.page.locator(".kn-ask-reading").first.wait_for()


def test_from_the_start_page_to_the_neurons_of_a_fact_in_two_acts(page: Any, asked: Lake) -> None:
    page.open()
    ask(page, "Toulouse is in France")
    stored = asked.read(lakes.model(MODEL), "knowledge_neurons").to_pylist()
    fact = fact_of(asked, "Toulouse")
    best = max((r for r in stored if r["fact_id"] == fact), key=lambda r: r["score"])
    name = f"Knowledge neuron: layer {best['layer']} · neuron {best['neuron']}"
    page.page.get_by_role("link", name=name, exact=True).click()
    page.settled(f"kn.state.fact === '{fact}' && kn.state.tab === 'knowledge'")
    wanted = {"layer": str(best["layer"]), "neuron": str(best["neuron"]), "ask": None}
    assert {key: page.address(key) for key in wanted} == wanted
    assert page.page.locator(".kn-ask-sheet").is_hidden()
    page.page.go_back()  # to the sheet, from which another line is followed
    page.page.locator(".kn-ask-sheet:visible .kn-ask-reading").first.wait_for()
    layer, neuron, *_ = max(FRANCE, key=lambda row: row[3])
    page.page.get_by_role("link", name=f"Marks France: layer {layer} · neuron {neuron}").click()
    page.settled("kn.state.tab === 'explore' && kn.prompt.prompt.prompt_id === 2")
    wanted = {"token": "5", "target": '" France"', "layer": str(layer), "neuron": str(neuron)}
    assert {key: page.address(key) for key in wanted} == wanted


def test_a_link_opens_the_sheet_and_sql_shows_what_a_line_stands_on(page: Any) -> None:
    page.open(ask="France", tab="map")
    reading = page.page.get_by_role("region", name="Country: France")
    reading.wait_for()
    assert page.page.get_by_label("Ask:").input_value() == "France"
    reading.get_by_role("button", name="SQL of: Marks France").first.click()
    page.page.locator(".kn-result tbody tr").first.wait_for()
    assert page.page.locator(".kn-result tbody tr").count() == len(FRANCE)
    assert page.page.locator(".kn-ask-sheet").is_hidden()


def test_the_keys_and_what_was_asked_before(page: Any) -> None:
    page.open(tab="sql")
    page.page.keyboard.press("Tab")
    assert page.page.evaluate("document.activeElement.textContent") == "Skip to the panes"
    page.page.keyboard.press("Enter")
    assert page.page.evaluate("document.activeElement.id") == "kn-sql"
    page.page.get_by_label("SQL query").press("/")
    assert page.page.get_by_label("SQL query").input_value() == "/"
    page.page.get_by_role("tab", name="Explore").focus()
    page.page.keyboard.press("?")
    page.page.get_by_role("dialog", name="Keys").wait_for()
    page.page.keyboard.press("Escape")
    ask(page, "1/11")
    page.page.keyboard.press("ArrowDown")
    page.page.keyboard.press("Enter")
    page.settled("kn.state.tab === 'explore' && kn.state.layer === 1 && kn.state.neuron === 11")
    page.page.get_by_label("Ask:").fill("")
    page.page.get_by_role("tab", name="Explore").focus()
    page.page.keyboard.press("/")
    page.page.get_by_role("list", name="Asked before").get_by_role("button", name="1/11").click()
    page.page.get_by_role("region", name="Neuron: layer 1 · neuron 11").wait_for()
    page.page.keyboard.press("Escape")
    assert page.page.locator(".kn-ask-sheet").is_hidden()


def test_where_the_model_is_not_here_what_would_run_says_why(page: Any) -> None:
    page.open(ask="Zebras eat grass")
    reading = page.page.get_by_role("region", name="Sentence: Zebras eat grass")
    reading.wait_for()
    assert reading.get_by_role("link").count() == 0
    missing = page.page.evaluate(f"kn.ask('can_run', {{model: '{MODEL}'}})")["missing"]
    assert missing and missing in reading.inner_text()


def test_what_is_not_stored_is_run(
    screens: Callable[[str], Screen],
    serve: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    page = screens(serve(lake_with_facts(tmp_path_factory.mktemp("own")))).open()
    page.page.set_default_timeout(90_000)
    ask(page, "Kabul 1 is in Afghanistan")
    reading = page.page.get_by_role("region", name="Fact: Kabul 1 → Afghanistan")
    assert "it was asked no fact yet" in reading.inner_text()
    reading.get_by_role("link", name="Ask the model now").click()
    page.page.locator("[data-kn=fact] h2", has_text="Your sentence").wait_for()
    page.until("document.querySelector('.kn-own-sentence')")
    assert page.address("answer") == "Afghanistan"
    ask(page, "Owls eat mice in Peru")
    page.page.get_by_role("link", name="Run it through the model in Explore").click()
    page.settled("kn.state.tab === 'explore' && kn.prompt?.prompt.live")
    assert page.address("text") == "Owls eat mice in Peru"
    shown = page.page.locator("#kn-explore .kn-text .kn-token").all_text_contents()
    assert "".join(shown).replace("␣", " ").strip() == "Owls eat mice in Peru"
