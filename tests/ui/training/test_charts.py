"""Charts and the table of checkpoints against the database."""

from __future__ import annotations

import re

import numpy as np
import pytest

from kn_assets import lake as lakes
from kn_assets.database.database import Database
from kn_assets.knowledge.verdicts import SPECIFIC
from kn_assets.lake import Lake
from tests.ui.asking import rows
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
    means = dict(
        rows(
            data,
            "SELECT trained, avg(probability) FROM fact_prompts_by_step('tiny', $1) "
            "WHERE step = 8 GROUP BY trained",
            int(str(fact)),
        )
    )
    for name, trained in (("trained", True), ("held-out", False)):
        shown = float(reading(page, "P(answer)", name))
        assert shown == pytest.approx(means[trained], abs=6e-4)


def test_from_the_start_two_actions_lead_to_when_kabul_was_learned(
    page: Screen, data: Database
) -> None:
    page.open()
    page.tab("Training")
    box = page.page.locator("[data-kn=tfact]").get_by_role("combobox", name="Search facts")
    box.wait_for()
    box.fill("kabul")
    page.until("document.querySelector('[data-kn=tfact] [role=option]')")
    box.press("Enter")
    page.until("document.querySelector('.kn-fact-title').textContent.includes('Kabul')")
    fact = int(str(page.address("fact")))
    ((stable, before, first, right),) = rows(
        data,
        "SELECT stable, before_stable, first_right, right_then FROM fact_milestones('tiny') "
        "WHERE fact_id = $1",
        fact,
    )
    words = page.page.locator("[data-kn=tfact]").inner_text()
    assert f"learned between {before} and {stable}" in words
    assert f"says it first at step {first}, in {right} of 6 trained prompts" in words
    # its neurons by steps, in the order of the macro, on the axis that is the slider
    page.until("document.querySelector('.kn-matrix-names button')")
    names = page.page.locator(".kn-matrix-names button").all_inner_texts()
    neurons = rows(
        data,
        f"SELECT DISTINCT place, layer || '/' || neuron FROM fact_neurons_by_step('tiny', {fact}) "
        "ORDER BY place",
    )
    assert names == [name for _, name in neurons][: len(names)] and len(names) >= 3
    cells = page.page.locator(".kn-matrix .kn-cell").count()
    assert cells == len(names) * 5
    verdict = rows(
        data,
        "SELECT sentence FROM fact_verdicts('tiny@step512', $1) "
        "WHERE kind = 'suppress' AND claim = 'causal'",
        fact,
    )
    assert verdict[0][0] in words
    # the milestone moves the step, a neuron opens, and evidence is brought into view
    page.page.locator(".kn-milestones button").first.click()
    page.until(f"kn.state.model === 'tiny@step{first}'")
    layer, neuron = names[1].split("/")
    page.page.locator(".kn-matrix-names button").nth(1).click()
    page.until(f"kn.state.layer === {layer} && kn.state.neuron === {neuron}")
    page.page.locator(".kn-evidence").first.click()
    page.until("document.querySelector('.kn-shown')")


def test_a_strip_tells_on_hover_and_dragging_moves_the_step(page: Screen, data: Database) -> None:
    opened(page, fact=FACT)
    plot = chart(page, "Effect on the answer").locator("svg.kn-plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None

    def place(step: int) -> dict[str, float]:
        x = 40 + (box["width"] - 52) * np.log1p(step) / np.log1p(512)
        return {"x": float(x), "y": box["height"] / 2}

    plot.hover(position=place(64))
    told = page.page.locator(".kn-tip").inner_text()
    assert told.startswith("step 64")
    effects = {
        condition: (mean, low, high)
        for condition, mean, low, high in rows(
            data,
            "SELECT condition, log_odds, ci_low, ci_high FROM fact_log_odds_by_step('tiny', $1) "
            "WHERE step = 64 AND kind = 'suppress'",
            FACT,
        )
    }
    (line,) = [t for t in told.splitlines() if t.startswith("its neurons")]
    numbers = [float(x) for x in re.findall(r"[+-]?[\d.]+", line.replace("−", "-"))]
    assert numbers == pytest.approx(list(effects["knowledge_neurons"]), abs=6e-3)
    controls = [v[0] for c, v in effects.items() if c in SPECIFIC]
    (line,) = [t for t in told.splitlines() if t.startswith("largest control")]
    shown = [float(x) for x in re.findall(r"[+-]?[\d.]+", line.replace("−", "-"))]
    assert shown == pytest.approx([max(controls, key=abs), min(controls), max(controls)], abs=6e-3)
    # The line of the step stands at the same place in every strip, and under the slider's thumb.
    plot.click(position=place(64))
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step64'")
    here = page.page.locator(".kn-rule-here").bounding_box()
    assert here is not None
    assert here["x"] + here["width"] / 2 == pytest.approx(box["x"] + place(64)["x"], abs=1.5)
    page.page.mouse.move(box["x"] + place(64)["x"], box["y"] + 20)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + place(1)["x"], box["y"] + 20, steps=6)
    page.page.mouse.up()
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step1'")
    plot.press("End")
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step512'")
    plot.press("ArrowLeft")
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step64'")


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
    found = (
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

    for i, (step, known, neurons, own, random, final) in enumerate(found):
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
