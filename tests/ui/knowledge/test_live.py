"""A sentence or a fact attributed and changed live."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kn_assets.lake import Lake
from kn_assets.progress import Progress
from tests.live.test_knowledge import KEY
from tests.ui.knowledge.page import percent
from tests.ui.screen import Screen

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def own(own_lake: Lake, serve: Callable[..., str]) -> str:
    return serve(own_lake)


def test_a_sentence_is_attributed_and_changed_live(
    screens: Callable[[str], Screen], own: str, own_lake: Lake
) -> None:
    from kn_assets.live.knowledge import LiveKnowledge

    screen = screens(own).open(tab="knowledge")
    screen.page.set_default_timeout(90_000)
    screen.page.locator(".kn-own-form summary").click()
    screen.page.get_by_label("Your sentence, up to the answer").fill(
        "<b>Kabul</b> is the capital of"
    )
    screen.page.get_by_label("Its answer").fill("sand")
    screen.page.get_by_label("Integration steps").select_option("8")
    with screen.shown("[data-kn=fact] progress"):
        screen.page.get_by_label("Its answer").press("Enter")
    screen.until("document.querySelector('.kn-claim')")
    assert screen.address("sentence") == "<b>Kabul</b> is the capital of"
    assert screen.address("answer") == "sand"
    live = LiveKnowledge.of(own_lake, KEY, Progress())
    question = {"text": "<b>Kabul</b> is the capital of", "answer": "sand"}
    wanted = live.attribute({**question, "steps": 8}, Progress())
    labels = screen.page.locator(".kn-neuron").evaluate_all(
        "all => all.map(b => b.getAttribute('aria-label'))"
    )
    shown = {tuple(int(w.rstrip(",")) for w in label.split()[1:4:2]) for label in labels}
    assert shown <= {(row[0], row[1]) for row in wanted["neurons"]}
    assert screen.page.locator(".kn-in-set").count() <= wanted["coarse"]
    assert "<b>Kabul</b> is the capital of" in screen.page.locator(".kn-own-sentence").inner_text()
    notes = screen.page.locator(".kn-notes").inner_text()
    assert f"“sand” is {wanted['answer_tokens']} tokens: it is scored by its first" in notes
    assert "The model says “" in notes and "not “sand”" in notes
    neurons = [row[:2] for row in wanted["neurons"][: wanted["coarse"]]]
    changed = live.change({**question, "factor": 0.0, "neurons": neurons}, Progress())
    own_row = changed["conditions"][0]["trials"][0]
    rows = screen.page.locator(".kn-change tbody tr[data-condition]")
    assert rows.evaluate_all("all => all.map(r => r.dataset.condition)") == [
        row["condition"] for row in changed["conditions"]
    ]
    cells = rows.first.locator("td").all_inner_texts()
    assert percent(cells[2]) == pytest.approx(
        100 * (own_row["after"] / own_row["before"] - 1), abs=0.51
    )
    # One neuron alone, by another factor, from the keyboard.
    screen.page.get_by_role("button", name="alone").click()
    screen.page.get_by_label("Factor").fill("3")
    screen.page.get_by_label("Factor").press("Enter")
    screen.until("document.querySelector('[data-kn=fact]').textContent.includes('One neuron ×3')")
    # The link runs it again.
    screen.page.reload()
    screen.until("document.querySelector('.kn-claim')")
    assert screen.page.get_by_label("Its answer").input_value() == "sand"


def test_a_fact_nothing_is_stored_of_is_attributed_live(
    screens: Callable[[str], Screen], own: str
) -> None:
    screen = screens(own).open(tab="knowledge")
    screen.page.set_default_timeout(90_000)
    screen.until("document.querySelector('.kn-fact-prompts tbody tr')")
    assert "not asked" in screen.page.locator("[data-kn=fact]").inner_text()
    assert "kn knowledge" in screen.page.locator("[data-kn=fact] .kn-message").first.inner_text()
    assert not screen.page.locator(".kn-claim").count()  # nobody asked for a run
    screen.page.get_by_role("button", name="Attribute one prompt live").click()
    screen.until("document.querySelector('.kn-claim')")
    assert screen.page.locator(".kn-neuron").count() > 0
    assert screen.page.locator(".kn-change tbody tr[data-condition]").count() == 3


def test_an_attribution_is_cancelled_from_the_keyboard(
    screens: Callable[[str], Screen], own_lake: Lake, serve: Callable[..., str]
) -> None:
    screen = screens(serve(own_lake)).open(tab="knowledge")  # its model isn't loaded yet
    screen.page.set_default_timeout(90_000)
    screen.page.get_by_role("button", name="Attribute one prompt live").click()
    cancel = screen.page.locator("[data-kn=fact]").get_by_role("button", name="Cancel")
    cancel.wait_for()
    cancel.press("Enter")
    screen.page.locator("[data-kn=fact] .kn-message", has_text="cancelled").wait_for()
    assert not cancel.is_visible()
    screen.page.reload()
    screen.page.get_by_role("button", name="Attribute one prompt live").click()
    screen.until("document.querySelector('.kn-claim')")
