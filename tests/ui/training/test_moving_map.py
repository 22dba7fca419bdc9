"""The map whose points move with the step."""

from __future__ import annotations

import pytest

from tests.ui.screen import Screen
from tests.ui.training.page import opened

pytestmark = pytest.mark.browser

# Where the page drew a neuron, in canvas pixels, from the places that the server told.
DRAWN = """
async ([model, step, layer, neuron]) => {
  const data = await kn.ask('training_places', {model, step});
  const [layers, neurons, x, y] = ['layer', 'neuron', 'x', 'y'].map(n => kn.unpack(data[n]));
  const i = layers.findIndex((l, k) => l === layer && neurons[k] === neuron);
  const stage = document.querySelector('.kn-step-stage');
  const [w, h] = [stage.clientWidth, stage.clientHeight];
  const side = Math.min(w, h);
  const zoom = Math.min(w / data.extent[0], h / data.extent[1]) / side / 1.04;
  const [u, v] = [x[i] / 65535, 1 - y[i] / 65535];
  const place = [(u - 0.5) * zoom * side + w / 2, (v - 0.5) * zoom * side + h / 2];
  const canvas = stage.querySelector('canvas');
  const ratio = canvas.width / w;
  const [px, py] = place.map(v => v * ratio - 2);
  const pixels = canvas.getContext('2d').getImageData(px, py, 5, 5).data;
  return {place, drawn: pixels.some((value, k) => k % 4 === 3 && value > 0)};
}
"""


def test_points_move_to_their_places_and_are_clicked(page: Screen) -> None:
    opened(page, step=0)
    page.until("document.documentElement.dataset.knStepMap === '0'")
    places = {}
    for step in (0, 512):
        page.page.locator("[data-kn=steps]").get_by_role("slider").press(
            "Home" if not step else "End"
        )
        page.until(f"document.documentElement.dataset.knStepMap === '{step}'")
        for layer, neuron in ((0, 1), (3, 29)):
            found = page.page.evaluate(DRAWN, ["tiny@step0", step, layer, neuron])
            assert found["drawn"]
            places[step, layer] = found["place"]
    assert places[0, 3] != places[512, 3]
    stage = page.page.locator(".kn-step-stage canvas").first
    stage.click(position=dict(zip("xy", places[512, 3], strict=True)))
    page.until("kn.state.layer === 3 || kn.state.neuron !== 7")
    assert page.address("neuron") == str(page.page.evaluate("kn.state.neuron"))
    stage.press("ArrowRight")
    stage.press("Enter")
    words = page.page.locator("[data-kn=tmap] .kn-said").inner_text()
    layer, neuron = page.page.evaluate("[kn.state.layer, kn.state.neuron]")
    assert words == f"layer {layer} · neuron {neuron}"


def test_the_map_follows_a_step_moved_in_another_tab_and_keeps_its_zoom(page: Screen) -> None:
    opened(page, step=0)
    page.until("document.documentElement.dataset.knStepMap === '0'")
    canvas = page.page.locator(".kn-step-stage canvas").first
    drawn = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.join()"
    canvas.press("0")
    whole = canvas.evaluate(drawn)
    canvas.press("+")
    page.page.wait_for_timeout(100)
    zoomed = canvas.evaluate(drawn)
    assert zoomed != whole
    page.tab("Explore")
    bar = page.page.locator("[data-kn=bar]").get_by_role("slider", name="Checkpoint")
    for key, step in (("End", 512), ("Home", 0)):
        bar.press(key)
        page.until(f"new URLSearchParams(location.search).get('model') === 'tiny@step{step}'")
        page.tab("Training")
        page.until(f"document.documentElement.dataset.knStepMap === '{step}'")
        page.tab("Explore")
    page.tab("Training")
    page.page.wait_for_timeout(100)
    assert canvas.evaluate(drawn) == zoomed
    canvas.press("0")
    assert canvas.evaluate(drawn) == whole
