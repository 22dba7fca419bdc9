"""The frame: what is being made, who may make it, and panes that fill by themselves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kn_assets.lake import Lake
from tests.made import add_training, make_lake
from tests.ui.screen import Screen
from ui.access import is_own
from ui.api import Api
from ui.app import TABS
from ui.context import Context
from ui.middleware import Hosts
from ui.page.making import functions
from ui.serve import serve

STEP = {
    "name": "map",
    "title": "the map of everything",
    "what": "atlas",
    "model": "tiny",
    "state": "running",
    "left_s": 130.0,
    "words": "neuron map",
}


class Fake:
    """Makes nothing, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.steps: list[dict[str, Any]] = []
        self.paused = False
        self.asides = 0

    def state(self) -> dict[str, Any]:
        return {
            "paused": self.paused,
            "note": "",
            "left_s": sum(step["left_s"] for step in self.steps),
            "first_hour": False,
            "offers": {"atlas": 130.0, "knowledge": 900.0, "training": 800.0, "demo": 2000.0},
            "steps": self.steps,
        }

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def make(self, what: str, model: str) -> None:
        self.asked.append(("make", what, model))
        self.steps.append(STEP)

    def stand_aside(self) -> None:
        self.asides += 1

    def cancel(self, name: str) -> None:
        self.asked.append(("cancel", name))
        self.steps.clear()


def test_who_may_make_things() -> None:
    assert is_own("127.0.0.1", share=False, auth=None)
    assert is_own("localhost", share=False, auth=None)
    assert not is_own("127.0.0.1", share=True, auth=None)
    assert not is_own("127.0.0.1", share=False, auth="reader:secret")
    assert not is_own("0.0.0.0", share=False, auth=None)
    assert not is_own("127.0.0.1", share=False, auth=None, proxied=True)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"host": "0.0.0.0", "public": True},
        {"auth": "a:b"},
        {"share": True, "auth": "a:b"},
        {"root_path": "/kn"},
    ],
)
def test_only_an_app_of_ones_own_is_given_what_makes_things(
    made: Lake, how: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Api] = []

    def launch(api: Api, hosts: Hosts, frames: Any, **options: Any) -> tuple[None, str, str]:
        given.append(api)
        return None, "here", "there"

    monkeypatch.setattr("ui.serve._launch", launch)
    monkeypatch.setattr("ui.serve.check_port", lambda host, port: None)
    making = Fake()
    serve(made, quiet=True, making=making, **how)
    assert (given[0].context.making is making) == (not how)
    given[0].context.close()


def test_an_app_that_others_reach_makes_nothing(api: Api) -> None:
    look, act = functions(api.context)
    assert json.loads(look({}))["making"] is None
    for asked in ({"act": "make", "what": "atlas", "model": "tiny"}, {"act": "pause"}, {}, "x"):
        assert "owner" in json.loads(act(asked))["error"]  # type: ignore[arg-type]


def test_what_a_page_asks_is_checked(made: Lake) -> None:
    making = Fake()
    api = Api(Context(made, making=making), TABS)
    look, act = functions(api.context)
    for asked in ({"act": "explode"}, {"act": "make", "what": 7}, {"act": "cancel", "name": []}):
        assert json.loads(act(asked))["error"]
    assert not making.asked
    told = json.loads(act({"act": "make", "what": "atlas", "model": "tiny"}))
    assert making.asides == 0  # the page's clock asks that
    api.ask("atlases", {})
    api.start("sql", {"sql": "SELECT 1"}, "me")
    assert making.asides == 2
    assert making.asked == [("make", "atlas", "tiny")]
    assert told["making"]["steps"][0]["title"] == "the map of everything"
    assert told["stamp"] == json.loads(look({}))["stamp"]
    api.context.close()


@pytest.mark.browser
def test_what_is_missing_has_a_button_and_tabs_fill_without_a_reload(
    screens: Callable[[str], Screen], serve: Callable[..., str], tmp_path: Path
) -> None:
    lake = make_lake(tmp_path / "lake", n_prompts=5, n_layers=3, n_neurons=20, n_tokens=8)
    (atlas,) = lake.partitions("model")
    for table in ("neuron_map", "knowledge_neurons", "fact_answers"):
        shutil.move(lake.folder(atlas) / table, tmp_path / table)
    making = Fake()
    screen = screens(serve(lake, limits={"making": making})).open(tab="map")
    screen.page.evaluate("window.same = true")
    button = screen.page.locator("[data-kn=map] .kn-wish")
    button.wait_for()
    assert button.inner_text() == "Make it (about 2 min)"
    assert screen.page.locator(".kn-making").is_hidden()
    button.click()
    frame = screen.page.locator(".kn-making summary")
    frame.wait_for()
    assert frame.inner_text() == "about 2 min left: making the map of everything"
    assert making.asked == [("make", "atlas", atlas.key)]
    frame.click()
    screen.page.get_by_role("button", name="Pause").click()
    screen.page.get_by_role("button", name="Resume").wait_for()
    assert frame.inner_text() == "Paused, about 2 min left"
    screen.page.get_by_role("button", name="Cancel the map of everything").click()
    frame.wait_for(state="hidden")
    assert making.asked[1:] == [("cancel", "map")]

    shutil.move(tmp_path / "neuron_map", lake.folder(atlas) / "neuron_map")
    screen.until("document.documentElement.dataset.knMap === 'neurons'")
    assert not button.is_visible()
    screen.tab("Knowledge")
    asks = screen.page.locator("[data-kn=fact] .kn-wish[title^='kn knowledge']")
    asks.wait_for()
    for table in ("fact_answers", "knowledge_neurons"):
        shutil.move(tmp_path / table, lake.folder(atlas) / table)
    asks.wait_for(state="hidden")
    assert screen.page.evaluate("window.same")


OVER_TABS = """() => {
  const boxes = css => [...document.querySelectorAll(css)]
    .filter(node => node.checkVisibility()).map(node => node.getBoundingClientRect());
  const tabs = boxes("#kn-tabs button[role=tab]");
  return boxes("#kn-bar [data-kn=bar] > *").filter(part => part.width && tabs.some(tab =>
    part.left < tab.right && part.right > tab.left && part.top < tab.bottom &&
    part.bottom > tab.top)).length;
}"""


@pytest.mark.browser
def test_the_bar_leaves_the_tabs_free_and_its_list_is_over_the_panes(
    screens: Callable[[str], Screen], serve: Callable[..., str], tmp_path: Path
) -> None:
    lake = add_training(tmp_path / "lake", n_prompts=5, n_layers=3, n_neurons=20, n_tokens=8)
    making = Fake()
    making.steps.append({**STEP, "title": "a training of many words", "trains": ""})
    screen = screens(serve(lake, limits={"making": making})).open()
    frame = screen.page.locator(".kn-making summary")
    frame.wait_for()
    slider = screen.page.locator("#kn-bar .kn-steps input")
    for width in (1100, 1280, 1440):
        screen.page.set_viewport_size({"width": width, "height": 720})
        screen.page.wait_for_timeout(200)
        assert screen.page.evaluate(OVER_TABS) == 0
        box = slider.bounding_box()
        assert box is not None
        assert box["width"] >= 50
    screen.tab("Training")
    frame.click()
    screen.page.get_by_role("button", name="Pause").click(timeout=3000)
    screen.page.get_by_role("button", name="Resume").wait_for()
    screen.page.keyboard.press("Escape")
    assert screen.page.locator(".kn-making > ul").is_hidden()


@pytest.mark.browser
def test_the_tour_and_the_terms(screens: Callable[[str], Screen], url: str) -> None:
    screen = screens(url).open(model="tiny")
    card = screen.page.locator(".kn-tour")
    assert not card.is_visible()  # it opens by itself in the demo's lake alone
    assert screen.page.locator(".kn-making").is_hidden()
    screen.page.get_by_role("button", name="Tour").click()
    card.wait_for()
    assert card.evaluate("card => card.contains(document.activeElement)")
    screen.page.keyboard.press("?")
    screen.page.keyboard.press("Escape")
    assert card.is_visible()  # the key closed the list alone
    card.locator(".kn-term").hover()
    tip = screen.page.locator(".kn-tip")
    tip.wait_for()
    assert "description, read by the model in one forward pass" in tip.inner_text()
    titles = []
    for _ in range(5):
        titles.append(card.locator("h2").inner_text())
        screen.page.locator(".kn-toured:visible").wait_for()
        was = titles[-1]
        card.get_by_role("button", name="Next").or_(card.get_by_role("button", name="Done")).click()
        screen.until(f"document.querySelector('.kn-tour h2').innerText !== {was!r} || "
                     "document.querySelector('.kn-tour').hidden")  # fmt: skip
    assert len(set(titles)) == 5
    assert not card.is_visible()
    assert screen.address("tab") == "sql"
