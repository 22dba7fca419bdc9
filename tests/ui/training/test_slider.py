"""The step of training, moved by slider, keys, name and play."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from kn_assets.database.database import Database
from tests.made import add_training, make_lake
from tests.ui.screen import Screen
from tests.ui.training.page import PROMPT, opened

pytestmark = pytest.mark.browser


def test_the_slider_moves_all_panes_and_keeps_what_is_chosen(page: Screen, data: Database) -> None:
    opened(page)
    slider = page.page.locator("[data-kn=steps]").get_by_role("slider", name="Checkpoint")
    slider.press("ArrowRight")
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step64'")
    page.settled()
    assert {k: page.address(k) for k in PROMPT} == {k: str(v) for k, v in PROMPT.items()}
    assert "step 64" in page.page.locator("[data-kn=steps] output").inner_text()
    page.tab("Explore")
    page.settled()
    fired = (
        data.cursor()
        .execute("FROM heatmap('tiny@step64', 3) WHERE position = 5 AND layer = 1")
        .fetchall()
    )
    assert page.page.locator(".kn-counts span").nth(-2).inner_text() == str(len(fired))
    bar = page.page.locator("[data-kn=bar]").get_by_role("slider", name="Checkpoint")
    bar.press("Home")
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step0'")
    page.tab("Map")
    page.until("document.documentElement.dataset.knMap === 'neurons'")
    assert page.address("token") == "5"
    page.page.get_by_label("Model").wait_for()
    assert page.page.get_by_label("Model").input_value() == "tiny@step0"


def test_a_step_is_picked_by_name_too(page: Screen) -> None:
    opened(page)
    page.page.get_by_label("Model").select_option("tiny@step512")
    page.until("document.querySelector('[data-kn=steps] output').textContent.includes('512')")
    page.settled()
    assert {k: page.address(k) for k in PROMPT} == {k: str(v) for k, v in PROMPT.items()}


def test_a_model_at_no_step_has_the_steps_of_its_training(
    screens: Callable[[str], Screen],
    serve: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = tmp_path_factory.mktemp("final")
    add_training(root, steps=(0, 4))
    page = screens(serve(make_lake(root, "tiny"))).open(model="tiny", tab="training")
    page.until("document.querySelector('.kn-fact-title b')")
    assert page.page.locator("[data-kn=steps] output").inner_text() == "at no step"
    page.page.locator("[data-kn=steps]").get_by_role("slider").press("ArrowRight")
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step0'")


def test_dragging_the_slider_stands_on_checkpoints(page: Screen) -> None:
    opened(page, step=0)
    slider = page.page.locator("[data-kn=steps]").get_by_role("slider", name="Checkpoint")
    box = slider.bounding_box()
    assert box is not None
    page.page.mouse.move(box["x"] + 9, box["y"] + box["height"] / 2)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2, steps=8)
    page.page.mouse.up()
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step64'")
    wanted = np.log1p(64) / np.log1p(512)
    assert int(slider.input_value()) == pytest.approx(10_000 * wanted, abs=1)
    assert slider.get_attribute("aria-valuetext") == "step 64, checkpoint 4 of 5"


def test_playing_runs_to_the_last_step(page: Screen) -> None:
    opened(page, step=8)
    page.page.locator("[data-kn=steps]").get_by_role("button", name="Play the training").click()
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step512'")
    page.page.locator("[data-kn=steps]").get_by_role("button", name="Play the training").wait_for()
    page.until("document.documentElement.dataset.knStepMap === '512'")
