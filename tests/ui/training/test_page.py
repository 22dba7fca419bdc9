"""Links, what is missing, queries and legibility of the tab Training."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from kn_assets import lake as lakes
from tests.made import add_training
from tests.ui.asking import CONTRAST
from tests.ui.screen import Screen
from tests.ui.training.page import FACT, at, chart, opened, reading

pytestmark = pytest.mark.browser


def test_a_link_holds_step_fact_and_neuron(page: Screen) -> None:
    opened(page, step=64, fact=22)
    page.until("kn.state.fact === '22'")
    title = page.page.locator(".kn-fact-title").inner_text()
    page.page.reload()
    page.until("document.documentElement.dataset.knTraining === 'tiny'")
    page.until("document.querySelector('.kn-fact-title b')")
    assert page.page.locator(".kn-fact-title").inner_text() == title
    assert "step 64" in page.page.locator("[data-kn=steps] output").inner_text()


@pytest.mark.parametrize("fact", ["99999", "<b>1</b>", "-3"])
def test_a_fact_that_is_not_there_is_said(page: Screen, fact: str) -> None:
    opened(page, fact=fact)
    notice = page.page.locator(".kn-notice span")
    page.until("!document.querySelector('.kn-notice').hidden")
    assert f"There is no fact {fact}" in notice.inner_text()
    assert page.address("fact") == "0"


def test_where_no_steps_are_the_commands_stand(page: Screen) -> None:
    page.open(model="plain", tab="training")
    page.page.locator(".kn-none-yet").wait_for()
    words = page.page.locator(".kn-none-yet").inner_text()
    assert "kn train" in words and "--steps-of" in words
    assert not page.page.locator("[data-kn=tfact]").is_visible()
    page.page.locator(".kn-none-yet").get_by_role("button", name="tiny").click()
    page.until("document.documentElement.dataset.knTraining === 'tiny'")
    page.page.locator(".kn-checkpoints tbody tr").first.wait_for()


def test_what_is_there_shows_without_the_rest(
    screens: Callable[[str], Screen],
    serve: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    lake = add_training(tmp_path_factory.mktemp("some"), steps=(0, 4))
    shutil.rmtree(lake.folder(lakes.model("tiny")) / "neuron_map_steps")
    for step in (0, 4):
        for table in (
            "interventions",
            "intervention_effects",
            "attribution_error",
            "knowledge_neurons",
            "fact_effects",
            "verdicts",
        ):
            shutil.rmtree(lake.folder(at(step)) / table)
    page = screens(serve(lake)).open(model="tiny@step4", tab="training", fact=FACT)
    page.page.locator(".kn-fact-title b").first.wait_for()
    assert "neuron_map_steps" in page.page.locator("[data-kn=tmap] .kn-message").inner_text()
    assert "kn knowledge" in chart(page, "Effect on the answer").locator(".kn-message").inner_text()
    assert (
        "kn knowledge"
        in page.page.locator("[data-kn=tstrips] > div .kn-message").first.inner_text()
    )
    assert "not attributed" in chart(page, "Neurons").locator(".kn-message").inner_text()
    assert float(reading(page, "P(answer)", "trained")) > 0
    assert page.page.locator("[data-kn=tlayers] .kn-cell").count() > 0


def test_every_query_of_the_tab_answers(page: Screen) -> None:
    opened(page, fact=FACT)
    page.page.locator(".kn-checkpoints tbody tr").first.wait_for()
    page.until("document.querySelector('[data-kn=tneuron] .kn-reading b')")
    n = page.page.locator(".kn-training .kn-sql").filter(has_text="SQL").count()
    assert n == 9
    for i in range(n):
        button = page.page.locator(".kn-training .kn-sql").filter(has_text="SQL").nth(i)
        button.evaluate("b => b.dispatchEvent(new CustomEvent('click'))")  # as the pane's list does
        page.until("kn.state.tab === 'sql'")
        page.until("document.querySelector('.kn-result tbody tr')")
        assert page.page.locator("[data-kn=sql] .kn-error").count() == 0
        page.tab("Training")
        page.page.locator(".kn-fact-title b").first.wait_for()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (400, "light")])
def test_training_is_legible_and_nothing_scrolls_sideways(
    page: Screen, width: int, scheme: str
) -> None:
    page.page.emulate_media(color_scheme=scheme)
    page.page.set_viewport_size({"width": width, "height": 800})
    opened(page, fact=FACT)
    page.page.locator(".kn-checkpoints tbody tr").first.wait_for()
    page.settled()
    page.page.wait_for_timeout(300)
    ratio, text = page.page.evaluate(CONTRAST)
    assert ratio >= 4.5, text
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # What a screen reader is told of each chart.
    labels = page.page.locator("svg.kn-plot:visible").evaluate_all(
        "all => all.map(s => s.getAttribute('aria-label'))"
    )
    assert len(labels) == 13 and all(label and "step" in label for label in labels)
