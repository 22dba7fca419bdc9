"""The middle pane in a real browser: a prompt's tokens, lens and fired neurons."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from kn_assets.database.database import Database
from tests.made import make_lake
from tests.ui.asking import cell_place, rows
from tests.ui.screen import Screen

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
        "SELECT token, round(probability, 2), next_rank FROM lens('tiny', 2) "
        "WHERE position = 6 AND rank = 1 ORDER BY layer",
    )
    labels = screen.page.locator(".kn-lens")
    for layer, (token, _, rank) in enumerate(lens):
        label = labels.nth(len(lens) - 1 - layer).get_attribute("aria-label")
        assert label.startswith(f"Layer {layer}: rank {rank:,} of the target: likeliest {token},")
    counts = rows(
        database,
        "SELECT count(*) FROM heatmap('tiny', 2) WHERE position = 6 GROUP BY layer ORDER BY layer",
    )
    shown = screen.page.locator(".kn-counts span").all_inner_texts()
    assert shown == [str(n) for (n,) in reversed(counts)]
    assert screen.requests[before:] == []


def test_a_token_of_the_text_is_clicked(screen: Any) -> None:
    screen.open(model="tiny", prompt=2, token=3)
    screen.page.locator(".kn-text .kn-token").nth(1).click()
    screen.until("new URLSearchParams(location.search).get('token') === '1'")
    assert screen.page.get_by_role("slider", name="Token").input_value() == "1"


def test_the_lens_tells_its_five_likeliest_on_focus(screen: Any, database: Database) -> None:
    screen.open(model="tiny", prompt=2, token=3)
    screen.page.locator(".kn-lens[data-layer='2']").hover()
    tip = screen.page.locator(".kn-tip")
    assert tip.locator("tr").count() == 5
    (rank,) = rows(
        database,
        "SELECT next_rank FROM lens('tiny', 2) WHERE position = 3 AND layer = 2 AND rank = 1",
    )[0]
    assert f"rank {rank:,}" in tip.inner_text()


def _labels(database: Database, lens: str) -> list[str]:
    found = rows(
        database,
        f"SELECT layer, token, probability, next_rank FROM {lens}_lens('tiny', 2) "
        "WHERE position = 3 AND rank = 1 ORDER BY layer DESC",
    )
    return [
        f"Layer {layer}: rank {rank:,} of the target: likeliest {token}, probability {p:#.2g}"
        for layer, token, p, rank in found
    ]


def test_another_lens_is_chosen_and_comes_back(screen: Any, database: Database) -> None:
    screen.open(model="tiny", prompt=2, token=3)
    choice = screen.page.locator(".kn-lens-choice select")
    first = "document.querySelector('.kn-lens')?.getAttribute('aria-label')"
    for lens in ("linear", "middle"):
        wanted = _labels(database, lens)
        choice.select_option(lens)
        screen.until(f"{first} === {json.dumps(wanted[0])}")
        found = screen.page.locator(".kn-lens")
        assert [one.get_attribute("aria-label") for one in found.all()] == wanted
        assert screen.address("lens") == lens
    screen.page.reload()
    screen.until(f"{first} === {json.dumps(wanted[0])}")
    assert choice.input_value() == "middle"
    screen.page.go_back()
    screen.until(f"{first} === {json.dumps(_labels(database, 'linear')[0])}")
    ((kl,),) = rows(database, "SELECT linear_kl FROM lens_distances('tiny') WHERE layer = 1")
    screen.page.locator(".kn-lens[data-layer='1']").hover()
    assert f"linear lens {kl:.2f} nats" in screen.page.locator(".kn-tip").inner_text()
    choice.select_option("logit")
    screen.until("!new URLSearchParams(location.search).get('lens')")


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
    screen.page.keyboard.press("ArrowUp")
    screen.page.keyboard.press("Enter")
    screen.until(f"new URLSearchParams(location.search).get('neuron') === '{neuron}'")
    assert screen.address("layer") == "1"


def test_the_lens_is_told_by_keyboard_too(screen: Any, database: Database) -> None:
    screen.open(model="tiny", prompt=2, token=3)
    screen.page.locator("canvas.kn-cells").focus()
    screen.page.keyboard.press("Shift+Tab")
    screen.page.keyboard.press("ArrowDown")
    tip = screen.page.locator(".kn-tip")
    assert "after layer 4" in tip.inner_text()  # the last of 6 is at the top
    assert tip.locator("tr").count() == 5


def told_at(screen: Any, layer: int, index: int) -> str:
    """What the pointer is told over a cell."""
    place = cell_place(screen, layer, index)
    screen.page.locator("canvas.kn-cells").hover(position=place)
    return screen.page.locator(".kn-tip").inner_text()


def test_neurons_come_by_strength_or_stand_at_their_index(screen: Any, database: Database) -> None:
    fired = rows(
        database,
        "SELECT neuron, activation FROM heatmap('tiny', 2) WHERE position = 5 AND layer = 3 "
        "ORDER BY abs(activation) DESC",
    )
    screen.open(model="tiny", prompt=2, token=5, order="raw")
    for index in (0, 2):
        neuron, activation = fired[index]
        words = told_at(screen, 3, index)
        assert words.startswith(f"layer 3 · neuron {neuron} · activation ")
        assert float(words.split("activation ")[1].split(" ")[0]) == pytest.approx(
            activation, rel=6e-3
        )
    screen.page.get_by_label("Order of the neurons").select_option("index")
    screen.until("new URLSearchParams(location.search).get('order') === 'index'")
    canvas = screen.page.locator("canvas.kn-cells")
    width = canvas.evaluate("c => c.clientWidth")
    y = cell_place(screen, 3, 0)["y"]
    for neuron, _ in (fired[0], fired[2]):  # 60 neurons from side to side, whatever else fired
        canvas.hover(position={"x": 3 + (width - 6) * neuron / 59, "y": y})
        assert f"neuron {neuron} " in screen.page.locator(".kn-tip").inner_text()


def test_full_colour_is_the_same_in_each_prompt(screen: Any) -> None:
    screen.open(model="tiny", prompt=2, token=5)
    legend = screen.page.locator(".kn-detail .kn-legend")
    said = legend.inner_text()
    assert "full: 4 × its layer's threshold" in said
    assert "below 0" in said  # made-up activations have both signs
    screen.page.evaluate("kn.go({ prompt: 3 })")
    screen.settled("kn.prompt.prompt.prompt_id === 3")
    assert legend.inner_text() == said


def test_48_layers_fit_and_a_narrow_row_keeps_the_strongest(
    screens: Callable[[str], Screen],
    serve: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = tmp_path_factory.mktemp("deep")
    lake = make_lake(root, n_prompts=4, n_layers=48, n_neurons=300, n_tokens=8, density=0.2)
    screen = screens(serve(lake)).open(prompt=1, token=3)
    pane = screen.page.locator("[data-kn=prompt]")
    assert pane.evaluate("p => p.scrollHeight - p.clientHeight") <= 16
    counts = screen.page.locator(".kn-counts span").all_inner_texts()
    data = Database(lake)
    fired = rows(
        data,
        "SELECT layer, list(neuron ORDER BY abs(activation) DESC) FROM heatmap('tiny', 1) "
        "WHERE position = 3 GROUP BY layer ORDER BY layer",
    )
    data.close()
    assert [int(c.split(" of ")[-1]) for c in counts] == [len(n) for _, n in reversed(fired)]
    screen.page.set_viewport_size({"width": 400, "height": 800})
    screen.until("document.querySelector('.kn-counts span').textContent.includes(' of ')")
    layer, neurons = fired[20]
    assert f"neuron {neurons[0]} " in told_at(screen, layer, 0)
