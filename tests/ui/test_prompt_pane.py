"""The middle pane in a real browser: a prompt's tokens, lens and fired neurons."""

from __future__ import annotations

from typing import Any

import pytest

from kn_assets.database import Database
from tests.ui.asking import rows

pytestmark = pytest.mark.browser


def test_slider_moves_the_token_and_asks_nobody(screen: Any, database: Database) -> None:
    screen.open(model="tiny", prompt=2, token=3, layer=4, neuron=5)
    before = len(screen.requests)
    slider = screen.page.get_by_role("slider", name="Token")
    for _ in range(3):
        slider.press("ArrowRight")
    screen.until("new URLSearchParams(location.search).get('token') === '6'")
    assert screen.page.locator(".kn-text [aria-current]").count() == 1
    lens = rows(
        database,
        "SELECT token, round(probability, 2) FROM lens('tiny', 2) "
        "WHERE position = 6 AND rank = 1 ORDER BY layer",
    )
    labels = screen.page.locator(".kn-lens")
    for layer, (token, _) in enumerate(lens):
        assert f"Layer {layer}: {token}," in labels.nth(layer).get_attribute("aria-label")
    counts = rows(
        database,
        "SELECT count(*) FROM heatmap('tiny', 2) WHERE position = 6 GROUP BY layer ORDER BY layer",
    )
    shown = screen.page.locator(".kn-counts span").all_inner_texts()
    assert shown == [str(n) for (n,) in counts]
    assert screen.requests[before:] == []


def test_a_token_of_the_text_is_clicked(screen: Any) -> None:
    screen.open(model="tiny", prompt=2, token=3)
    screen.page.locator(".kn-text .kn-token").nth(1).click()
    screen.until("new URLSearchParams(location.search).get('token') === '1'")
    assert screen.page.get_by_role("slider", name="Token").input_value() == "1"


def test_the_lens_tells_its_five_likeliest_on_focus(screen: Any, database: Database) -> None:
    screen.open(model="tiny", prompt=2, token=3)
    screen.page.locator(".kn-lens").nth(2).hover()
    tip = screen.page.locator(".kn-tip")
    assert tip.locator("tr").count() == 5
    (rank,) = rows(
        database,
        "SELECT next_rank FROM lens('tiny', 2) WHERE position = 3 AND layer = 2 AND rank = 1",
    )[0]
    assert f"rank {rank:,}" in tip.inner_text()


def test_the_heatmap_works_by_keyboard(screen: Any, database: Database) -> None:
    (neuron, *_), *_ = rows(
        database,
        "SELECT neuron FROM heatmap('tiny', 2) WHERE position = 5 AND layer = 1 "
        "ORDER BY abs(activation) DESC",
    )
    (first, *_), *_ = rows(
        database,
        "SELECT neuron FROM heatmap('tiny', 2) WHERE position = 5 AND layer = 0 "
        "ORDER BY abs(activation) DESC",
    )
    screen.open(model="tiny", prompt=2, token=5, layer=0, neuron=first)
    screen.page.locator("canvas.kn-cells").focus()
    screen.page.keyboard.press("ArrowDown")
    screen.page.keyboard.press("Enter")
    screen.until(f"new URLSearchParams(location.search).get('neuron') === '{neuron}'")
    assert screen.address("layer") == "1"
