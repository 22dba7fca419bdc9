"""A circuit of one's own sentence in a browser: from the form to a change of several units."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from kn_assets.lake import Lake
from kn_assets.live.circuits import LiveCircuits
from kn_assets.progress import Progress
from tests.live.test_circuits import OWN
from tests.live.test_knowledge import KEY, lake_with_facts
from tests.ui.screen import Screen
from tests.ui.test_axe import AXE, faults

pytestmark = pytest.mark.browser

NODES = ".kn-units .kn-node"


@pytest.fixture(scope="module")
def own_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return lake_with_facts(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def live(own_lake: Lake) -> LiveCircuits:
    return LiveCircuits.of(own_lake, KEY, Progress())


@pytest.fixture(scope="module")
def own_url(own_lake: Lake, serve: Callable[..., str]) -> str:
    """One app for all: what the first test has run is remembered for the others."""
    return serve(own_lake)


@pytest.fixture
def screen(screens: Callable[[str], Screen], own_url: str) -> Screen:
    screen = screens(own_url).open(tab="circuit")
    screen.page.set_default_timeout(90_000)
    return screen


def typed(screen: Screen) -> None:
    screen.page.locator("#kn-circuit .kn-own-form summary").click()
    screen.page.get_by_label("Your sentence, up to the answer").last.fill("Kabul is the capital of")
    screen.page.get_by_label("The contrast's answer").fill("city")
    screen.page.get_by_label("Its subject").fill("capital")
    screen.page.get_by_label("Another subject in its place").fill("city")


def measured(screen: Screen) -> None:
    screen.until(
        "document.querySelector('[data-kn=circuit] .kn-count')?.textContent.includes('measured in')"
    )
    screen.settled()


def test_a_sentence_gets_its_circuit_and_its_units_are_changed(
    screen: Screen, live: LiveCircuits
) -> None:
    typed(screen)
    contrast = screen.page.get_by_label("The contrast: another sentence of as many tokens")
    assert contrast.input_value() == OWN["contrast"]
    with screen.shown("[data-kn=circuit] progress"):
        contrast.press("Enter")
    measured(screen)
    assert [screen.address(n) for n in ("own", "own_answer", "contrast", "contrast_answer")] == [
        *(OWN["text"], None, OWN["contrast"], "city"),
    ]
    wanted: dict[str, Any] = json.loads(live.answer({**OWN, "do": "measure"}, Progress()))
    assert screen.page.locator(NODES).count() == len(wanted["units"])
    title = f"capital → {wanted['answer']['words']}"
    assert screen.page.locator("[data-kn=circuit] h2").inner_text() == title
    (lost,) = [
        row["share"]
        for row in wanted["curves"]
        if (row["condition"], row["measure"], row["n_units"]) == ("circuit", "lost", 30)
    ]
    said = screen.page.locator(".kn-judged").inner_text()
    words = f"{'−' if round(100 * lost) < 0 else ''}{abs(round(100 * lost))} %"
    assert f"30 units lose {words} of the logit difference" in said
    assert "on this one pair, which flatters them" in said
    notes = screen.page.locator("[data-kn=circuit] .kn-notes").inner_text()
    assert "Your answer wasn't given: it is the model's likeliest token" in notes
    # Two units are chosen, one by the pointer, one from the keyboard; both are ablated.
    one = screen.page.locator(f"{NODES}[tabindex='-1']").first  # under others, perhaps
    one.dispatch_event("click", {"shiftKey": True, "bubbles": True})
    screen.page.get_by_text("1 unit chosen.").wait_for()
    screen.page.locator(f"{NODES}[tabindex='0']").focus()
    screen.page.keyboard.press("Shift+Enter")
    screen.page.get_by_text("2 units chosen.").wait_for()
    assert screen.page.locator(".kn-chosen[aria-description=chosen]").count() == 2
    screen.page.get_by_role("button", name="ablate to zero").click()
    row = screen.page.locator(".kn-changes tbody tr")
    screen.until("!document.querySelector('.kn-changes td.kn-num')?.textContent.includes('…')")
    asked = screen.address("changed") or ""
    nodes = asked.split(":")[1].split(",")
    units = [
        [{"n": "neuron", "h": "head"}[kind], int(layer), int(at), int(unit)]
        for kind, (layer, unit, at) in ((n[0], n[1:].split(".")) for n in nodes)
    ]
    change = json.loads(
        live.answer({**OWN, "do": "change", "how": "zero", "units": units}, Progress())
    )
    cells = row.locator("td.kn-num").all_inner_texts()
    shown = [float(cell.split(" · ")[1].replace("−", "-")) for cell in cells]
    assert shown == pytest.approx(
        [change[name] for name in ("lost", "estimated", "alone")], rel=0.01, abs=1e-3
    )
    # The link runs all of it again.
    screen.page.reload()
    measured(screen)
    screen.until("document.querySelector('.kn-changes td.kn-num')")
    screen.until("!document.querySelector('.kn-changes td.kn-num').textContent.includes('…')")
    assert row.locator("td.kn-num").all_inner_texts() == cells
    row.get_by_role("button", name="Leave out").click()
    assert screen.address("changed") is None
    assert not screen.page.locator(".kn-changes").is_visible()


def test_what_cannot_be_compared_is_said(screen: Screen) -> None:
    screen.open(tab="circuit", own=OWN["text"], contrast="Kabul is the capital city of")
    line = screen.page.locator("#kn-circuit .kn-message", has_text="tokens and the contrast")
    line.wait_for()
    assert "choose words of as many" in line.inner_text()
    assert not screen.page.locator(".kn-judged").is_visible()
    assert screen.page.get_by_label("Your sentence, up to the answer").last.is_visible()


def test_the_picture_and_its_units_are_saved(screen: Screen, tmp_path: Path) -> None:
    screen.open(tab="circuit", own=OWN["text"], contrast=OWN["contrast"], contrast_answer="city")
    measured(screen)
    n = screen.page.locator(NODES).count()
    with screen.page.expect_download() as saved:
        screen.page.get_by_role("button", name="CSV", exact=True).first.click()
    saved.value.save_as(tmp_path / "units.csv")
    lines = (tmp_path / "units.csv").read_text(encoding="utf-8").splitlines()
    assert saved.value.suggested_filename.startswith("circuit-capital")
    assert len(lines) == n + 1
    with screen.page.expect_download() as saved:
        screen.page.get_by_role("button", name="SVG", exact=True).click()
    saved.value.save_as(tmp_path / "picture.svg")
    picture = ElementTree.parse(tmp_path / "picture.svg").getroot()
    marks = [
        *picture.iter("{http://www.w3.org/2000/svg}circle"),
        *picture.iter("{http://www.w3.org/2000/svg}polygon"),
    ]
    assert len(marks) == n
    assert all("rgb" in mark.attrib["style"] for mark in marks)


def test_axe_finds_no_serious_fault_in_a_circuit_of_ones_own(screen: Screen) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci does that")
    screen.open(
        tab="circuit",
        **{"own": OWN["text"], "contrast": OWN["contrast"], "contrast_answer": "city"},
    )
    measured(screen)
    screen.page.get_by_role("button", name="30 units shown").click()
    screen.page.get_by_role("button", name="patch", exact=True).click()
    screen.until("document.querySelector('.kn-changes td.kn-num')")
    screen.until("!document.querySelector('.kn-changes td.kn-num').textContent.includes('…')")
    screen.page.wait_for_timeout(700)
    screen.page.evaluate(AXE.read_text(encoding="utf-8"))
    assert faults(screen, "#kn-circuit") == []


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_scrolls_sideways_with_the_form_open(screen: Screen, width: int) -> None:
    screen.page.set_viewport_size({"width": width, "height": 800})
    screen.open(tab="circuit", own=OWN["text"], contrast=OWN["contrast"], contrast_answer="city")
    measured(screen)
    assert screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
