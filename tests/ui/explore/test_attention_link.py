"""A link brings back the attention head, the colours, the order and the target that were chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from kn_assets.lake import Lake
from tests.ui.explore import stub
from tests.ui.screen import Screen
from ui.arguments import Checked
from ui.context import Context
from ui.explore import prompt as view
from ui.pack import pack

pytestmark = pytest.mark.browser

PLACE = {"model": "tiny", "prompt": 2, "token": 5, "layer": 3, "neuron": 7}


def head(context: Context, given: Checked) -> Any:
    """The job `head`: a made-up triangle."""
    n_layers = given.atlas["n_layers"]
    n = len(view.prompt(context.database, given.model, given.prompt, n_layers)["tokens"])
    assert given.integer("layer", n_layers) < n_layers
    return {"weights": pack(np.full(n * (n + 1) // 2, 0.5), "f4"), "unit": 1}


@pytest.fixture(scope="module")
def judged(lake: Lake, serve: Callable[..., str]) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch, stub.app(lake, serve, patch, head=head) as url:
        yield url


def shown(screen: Screen) -> dict[str, str]:
    """What the neuron's pane and the tools over the cells show as chosen."""
    pressed = screen.page.locator(".kn-lower [aria-pressed=true]").all_inner_texts()
    heads = screen.page.locator(".kn-heads")
    return {
        "view": pressed[0],
        "colours": pressed[1] if len(pressed) > 1 else "",
        "head": heads.input_value() if heads.is_visible() else "",
        "order": screen.page.locator(".kn-order select").input_value(),
    }


def test_a_chosen_head_comes_back(screens: Callable[[str], Screen], judged: str) -> None:
    screen = screens(judged).open(**PLACE)
    screen.settled("kn.target.data")
    assert shown(screen)["view"] == "what it reads here"
    screen.page.get_by_role("button", name="attention × activations").click()
    screen.page.locator(".kn-heads").select_option("2")
    screen.page.get_by_role("button", name="attention alone").click()
    screen.page.locator(".kn-order select").select_option("raw")
    wanted = {
        "view": "attention × activations",
        "colours": "attention alone",
        "head": "2",
        "order": "raw",
    }
    said = "document.querySelector('.kn-sentence')?.textContent.includes('head 2 of layer 3')"
    screen.settled(said)
    assert shown(screen) == wanted
    address = {name: screen.address(name) for name in ("head", "colours", "order")}
    assert address == {"head": "2", "colours": "attention", "order": "raw"}
    screen.page.reload()
    screen.settled(said)
    assert shown(screen) == wanted
    for _ in range(3):
        screen.page.go_back()
    screen.settled("!new URLSearchParams(location.search).get('colours')")
    screen.until("document.querySelector('.kn-heads')?.value === ''")
    assert screen.address("head") == "mean"


def test_a_cells_head_is_in_the_address(screens: Callable[[str], Screen], judged: str) -> None:
    screen = screens(judged).open(**PLACE)
    screen.settled("kn.target.data")
    cells = screen.page.locator("canvas.kn-head-cells")
    box = cells.bounding_box()
    assert box is not None
    cells.click(position={"x": box["width"] / 2, "y": 3})
    screen.until("new URLSearchParams(location.search).get('head') === '1'")
    assert screen.address("colours") == "attention"
    assert screen.address("layer") == "5"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ({"head": "9"}, "This model has no attention head 9, the last of a layer is 2: the mean"),
        ({"head": "x"}, "“x” is no attention head: what the neuron reads is shown instead."),
        ({"colours": "red"}, "There are no colours “red”: those of the current position"),
        ({"order": "size"}, "Neurons have no order “size”: they are ordered by contribution"),
        ({"lens": "blurred"}, "There is no lens “blurred”: the logit lens is shown instead."),
        ({"target": "Paris"}, "“Paris” is no target: what really follows is the target instead."),
        ({"prompt": "99999"}, "There is no prompt 99999 in this atlas: the nearest, 15, is shown"),
    ],
)
def test_a_wrong_value_is_told_in_words(
    screens: Callable[[str], Screen], judged: str, address: dict[str, str], words: str
) -> None:
    screen = screens(judged).open(**{**PLACE, **address})
    screen.page.locator(".kn-notice", has_text=words).wait_for()
    screen.settled()
    (name,) = address
    assert screen.address(name) != address[name]


def test_the_nearest_prompt_is_on_screen(screens: Callable[[str], Screen], judged: str) -> None:
    screen = screens(judged).open(model="tiny", prompt=99999)
    assert screen.page.evaluate("kn.prompt.prompt.prompt_id") == 15
    assert screen.address("prompt") == "15"
