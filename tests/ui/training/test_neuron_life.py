"""A neuron's page on a training: its life over the steps, read at the step on screen."""

from __future__ import annotations

import pytest

from kn_assets.database.database import Database
from tests.ui.asking import rows
from tests.ui.screen import Screen
from tests.ui.training.page import PROMPT, STEPS

pytestmark = pytest.mark.browser


def test_its_life_is_that_of_sql_at_the_step_on_screen(page: Screen, data: Database) -> None:
    page.open(model="tiny@step8", whole="neuron", **PROMPT)
    life = page.page.locator("[data-kn-part='Life over steps']")
    rate = life.locator("figure").filter(has=page.page.locator("text=Firing rate"))
    rate.locator(".kn-reading b").wait_for()
    story = dict(rows(data, "SELECT step, firing_rate FROM neuron_by_step('tiny', 2, 7)"))
    assert list(story) == list(STEPS)
    told = float(rate.locator(".kn-reading b").inner_text().split(" ")[0])
    assert told == pytest.approx(100 * story[8], abs=0.06)
    assert rate.locator(".kn-dot").count() == len(STEPS)
    assert life.locator("figure").count() == 3
    page.page.evaluate("kn.toStep(3)")
    page.settled("kn.state.model === 'tiny@step64'")
    page.until(
        "[...document.querySelectorAll(\"[data-kn-part='Life over steps'] .kn-reading b\")]"
        f".some(b => Math.abs(parseFloat(b.textContent) - {100 * story[64]}) < 0.06)"
    )
    assert page.address("whole") == "neuron"
