"""Charts and the table of checkpoints against the database."""

from __future__ import annotations

import numpy as np
import pytest

from kn_assets import lake as lakes
from kn_assets.database.database import Database
from kn_assets.lake import Lake
from tests.ui.screen import Screen
from tests.ui.training.page import FACT, chart, opened, reading

pytestmark = pytest.mark.browser


def test_a_fact_is_found_by_typing_and_read_at_the_step(page: Screen, data: Database) -> None:
    opened(page)
    box = page.page.locator("[data-kn=tfact]").get_by_role("combobox", name="Search facts")
    box.fill("afghanistan")
    page.until("document.querySelector('[data-kn=tfact] [role=option]')")
    box.press("ArrowDown")
    box.press("Enter")
    page.until("new URLSearchParams(location.search).get('fact')")
    fact = page.address("fact")
    page.until("document.querySelector('.kn-fact-title').textContent.includes('Afghanistan')")
    rows = (
        data.cursor()
        .execute(
            f"SELECT step, probability, n_correct, n_prompts FROM fact_by_step('tiny', {fact})"
        )
        .fetchall()
    )
    _, probability, correct, prompts = next(r for r in rows if r[0] == 8)
    assert float(reading(page, "P(answer)", "probability")) == pytest.approx(probability, rel=6e-3)
    assert reading(page, "P(answer)", "correct prompts") == f"{correct} of {prompts}"


def test_a_chart_tells_on_hover_and_moves_the_step_on_click(page: Screen, data: Database) -> None:
    opened(page, fact=FACT)
    page.page.get_by_role("button", name="this fact").click()
    plot = chart(page, "Effect of interventions").locator("svg.kn-plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    place = {"x": 40 + (box["width"] - 52) * np.log1p(64) / np.log1p(512), "y": box["height"] / 2}
    plot.hover(position=place)
    told = page.page.locator(".kn-tip").inner_text()
    assert told.startswith("step 64")
    rows = (
        data.cursor()
        .execute(
            f"SELECT condition, relative_change FROM fact_effects_by_step('tiny', {FACT}) "
            "WHERE step = 64 AND kind = 'suppress'"
        )
        .fetchall()
    )
    words = {
        "knowledge_neurons": "knowledge neurons",
        "random": "random",
        "activation_matched": "activation-matched",
        "final_checkpoint": "final-checkpoint",
    }
    ratios = {control: ratio for control, ratio in rows if control in words}
    assert ratios.keys() == words.keys()
    for control, ratio in ratios.items():
        (line,) = [t for t in told.splitlines() if t.startswith(words[control])]
        shown = line.split("\t")[1].split(" %")[0].replace("−", "-")
        assert float(shown) == pytest.approx(100 * ratio, abs=0.51)
    plot.click(position=place)
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step64'")
    plot.press("ArrowLeft")
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step8'")
    plot.press("End")
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step512'")


def test_a_neuron_is_told_through_training(page: Screen, trained: Lake) -> None:
    opened(page)
    page.until("document.querySelector('[data-kn=tneuron] .kn-reading b')")
    (row,) = [
        r
        for r in trained.read(lakes.model("tiny"), "neuron_steps").to_pylist()
        if (r["step"], r["layer"], r["neuron"]) == (8, 2, 7)
    ]
    shown = float(reading(page, "Firing rate", "firing rate").removesuffix(" %"))
    assert shown == pytest.approx(100 * row["firing_rate"], abs=0.06)
    assert float(reading(page, "Overlap with final checkpoint", "overlap")) == pytest.approx(
        row["final_overlap"], rel=6e-3
    )
    assert "Layer 2 · neuron 7" in page.page.locator("[data-kn=tneuron] h2").inner_text()


def test_checkpoints_are_a_table_whose_rows_move_the_step(page: Screen, data: Database) -> None:
    opened(page)
    table = page.page.locator(".kn-checkpoints tbody")
    table.locator("tr").first.wait_for()
    rows = (
        data.cursor()
        .execute(
            "SELECT step, known, neurons_per_fact, suppress, suppress_random, "
            "suppress_final_checkpoint "
            "FROM training_by_step('tiny')"
        )
        .fetchall()
    )

    def change(text: str) -> float:
        return float(text.split(" %", maxsplit=1)[0].replace("−", "-"))

    for i, (step, known, neurons, own, random, final) in enumerate(rows):
        cells = table.locator("tr").nth(i).locator("th, td").all_inner_texts()
        assert cells[0] == str(step)
        assert float(cells[1].removesuffix(" %")) == pytest.approx(100 * known, abs=0.51)
        assert float(cells[6]) == pytest.approx(neurons, rel=6e-3)
        for text, value in ((cells[7], own), (cells[8], random), (cells[11], final)):
            assert change(text) == pytest.approx(100 * value, abs=0.51)
    assert (
        page.page.locator(".kn-checkpoints [aria-current=step]").get_attribute("data-step") == "8"
    )
    page.page.get_by_role("button", name="Go to step 512").press("Enter")
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step512'")
    assert (
        page.page.locator(".kn-checkpoints [aria-current=step]").get_attribute("data-step") == "512"
    )
