"""What stays in its place while another prompt comes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.ui.screen import Screen

pytestmark = pytest.mark.browser

READY = "kn.target.data"
# Counts changes of the heads' block, and how often the overview's picture is drawn.
WATCH = """
() => {
  window.seen = { heads: 0, pictures: 0 };
  const heads = document.querySelector('.kn-head-block');
  new MutationObserver(() => { seen.heads++; }).observe(heads, { attributeFilter: ['hidden'] });
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...given) {
    seen.pictures++;
    return draw.apply(this, given);
  };
}
"""
# Counts how often styles are looked up, as rows do that are measured.
MEASURED = """
() => {
  window.measured = 0;
  const look = window.getComputedStyle;
  window.getComputedStyle = (...given) => {
    measured++;
    return look(...given);
  };
}
"""
# Where rows and cells are at each token.
SLIDE = """
async () => {
  const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  const slider = document.querySelector('[data-kn=prompt] .kn-slider input');
  const place = name => {
    const { left, top, width, height } = document.querySelector(name).getBoundingClientRect();
    return [left, top, width, height];
  };
  const names = ['.kn-rows', '.kn-cells', '.kn-counts', '.kn-overview', '.kn-slider'];
  const places = [];
  for (let token = 0; token < kn.prompt.tokens.length; token++) {
    slider.value = token;
    slider.dispatchEvent(new Event('input'));
    await frame();
    await frame();
    places.push(names.map(name => place(`[data-kn=prompt] ${name}`)));
  }
  return { places, measured };
}
"""


def test_the_heads_stay_while_another_prompt_comes(
    screens: Callable[[str], Screen], judged: str
) -> None:
    screen = screens(judged).open(model="tiny", prompt=2, token=5)
    screen.settled(READY)
    heads = screen.page.locator(".kn-head-cells")
    before = heads.bounding_box()
    assert before is not None
    screen.page.evaluate(WATCH)
    screen.page.evaluate("kn.go({prompt: 3})")
    screen.settled(f"kn.prompt.prompt.prompt_id === 3 && {READY}")
    assert screen.page.evaluate("seen.heads") == 0
    after = heads.bounding_box()
    assert after is not None
    assert (before["x"], before["width"]) == (after["x"], after["width"])


def test_words_of_how_far_a_job_is_draw_nothing_again(
    screens: Callable[[str], Screen], judged: str
) -> None:
    screen = screens(judged).open(model="tiny", prompt=2, token=5)
    screen.settled(READY)
    screen.page.evaluate(WATCH)
    tell = """
      () => {
        const store = Object.getPrototypeOf(kn);
        window.tell = words => {
          store.target = { ...store.target, words };
          kn.emit('contributions');
        };
        for (const words of ['loading the model', 'layers 1 of 6', 'layers 2 of 6']) tell(words);
        return [seen.pictures, document.querySelector('.kn-tools [role=status]').textContent];
      }
    """
    pictures, words = screen.page.evaluate(tell)
    assert pictures == 0
    assert words.endswith("layers 2 of 6")
    screen.page.evaluate("tell('')")
    assert screen.page.evaluate("seen.pictures") > 0


def test_the_slider_moves_nothing_but_what_is_of_its_token(
    screens: Callable[[str], Screen], judged: str
) -> None:
    screen = screens(judged).open(model="tiny", prompt=2, token=5)
    screen.settled(READY)
    screen.page.evaluate(MEASURED)
    seen = screen.page.evaluate(SLIDE)
    assert len(seen["places"]) > 5
    assert len({str(place) for place in seen["places"]}) == 1
    assert seen["measured"] == 0  # colours and sizes are looked up where the place is new


def test_a_pane_fades_where_its_answer_takes_a_while(screen: Screen) -> None:
    screen.open(model="tiny", prompt=2, token=5)
    screen.settled()
    held: list[Any] = []

    def neurons_are_kept(route: Any) -> None:
        if '"fn_name":"neuron"' in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    screen.page.route(re.compile("/component_server/?$"), neurons_are_kept)
    screen.page.evaluate("void kn.go({layer: 1, neuron: 2})")  # it ends with the answer
    pane = screen.page.locator("[data-kn=neuron].kn-waiting")
    pane.wait_for()
    screen.page.locator("[data-kn=neuron].kn-faded").wait_for()
    (route,) = held
    route.continue_()
    screen.settled()
    assert screen.page.locator(".kn-faded").count() == 0
