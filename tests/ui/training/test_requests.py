"""What the page asks when the step moves: prompt and neuron at once, and never shown late."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from kn_assets.database.database import Database
from tests.ui.screen import Screen
from tests.ui.training.page import PROMPT, STEPS

pytestmark = pytest.mark.browser


class Held:
    """Requests of some functions for some models, kept until they are let go."""

    def __init__(self, screen: Screen, wanted: Callable[[str, str], bool]) -> None:
        self.page, self.wanted = screen.page, wanted
        self.seen: list[tuple[str, str]] = []
        self._kept: dict[tuple[str, str], list[Any]] = {}
        screen.page.route(re.compile("/component_server/?$"), self._take)

    def _take(self, route: Any) -> None:
        asked = json.loads(route.request.post_data)
        key = asked["fn_name"], (asked["data"] or {}).get("model", "")
        self.seen.append(key)
        if self.wanted(*key):
            self._kept.setdefault(key, []).append(route)
        else:
            route.continue_()

    def wait(self, *keys: tuple[str, str]) -> None:
        """Until all of some requests are held."""
        for _ in range(200):
            if all(key in self._kept for key in keys):
                return
            self.page.wait_for_timeout(25)
        raise AssertionError(f"{keys} were not asked: {self.seen}")

    def free(self, *key: str) -> None:
        """Let a request go on, and wait for its answer."""
        for route in self._kept.pop(key):  # type: ignore[call-overload]
            with self.page.expect_response(lambda r, route=route: r.request == route.request):
                route.continue_()
        self.page.wait_for_timeout(100)


def model(step: int) -> str:
    return f"tiny@step{step}"


def opened(page: Screen, step: int) -> Screen:
    page.open(model=model(step), **PROMPT)
    page.settled()
    return page


def move(page: Screen, step: int) -> None:
    """Move the step as the slider does, without waiting for what comes of it."""
    page.page.evaluate(f"() => {{ kn.toStep({STEPS.index(step)}); }}")


def shown(page: Screen) -> dict[str, Any]:
    """What the panes show: strengths at the token, and the neuron's facts."""
    found = page.page.evaluate(
        "() => ({card: kn.neuron?.card, lens: kn.prompt?.words?.length, "
        "counts: [...document.querySelectorAll('.kn-counts span')].map(s => s.textContent), "
        "facts: document.querySelector('[data-kn=neuron] .kn-card').textContent})"
    )
    return dict(found)


def wanted(data: Database, step: int) -> tuple[list[str], float]:
    """Fired neurons by layer at the token, the last one first, and the neuron's firing rate."""
    at, layer, neuron = PROMPT["token"], PROMPT["layer"], PROMPT["neuron"]
    rows = data.cursor().execute(
        f"FROM heatmap('{model(step)}', {PROMPT['prompt']}) SELECT layer WHERE position = {at}"
    )
    layers = [row[0] for row in rows.fetchall()]
    (rate,) = (
        data.cursor()
        .execute(
            f"SELECT firing_rate FROM neurons WHERE model = '{model(step)}' "
            f"AND layer = {layer} AND neuron = {neuron}"
        )
        .fetchall()[0]
    )
    return [str(layers.count(i)) for i in reversed(range(4))], rate


def check(page: Screen, data: Database, step: int) -> None:
    counts, rate = wanted(data, step)
    found = shown(page)
    assert found["counts"] == counts
    assert found["card"]["firing_rate"] == pytest.approx(rate)


def test_prompt_and_neuron_of_a_step_are_asked_at_once(page: Screen, data: Database) -> None:
    opened(page, 8)
    held = Held(page, lambda name, of: of == model(64) and name in ("prompt", "neuron"))
    move(page, 64)
    held.wait(("prompt", model(64)), ("neuron", model(64)))  # with neither answered
    check(page, data, 8)
    held.free("neuron", model(64))
    check(page, data, 8)  # the neuron waits for its prompt
    assert page.page.locator("[data-kn=neuron].kn-waiting").count()
    held.free("prompt", model(64))
    page.until("!document.querySelector('.kn-waiting')")
    check(page, data, 64)
    assert held.seen.count(("neuron", model(64))) == 1
    assert held.seen.count(("prompt", model(64))) == 1


@pytest.mark.parametrize("late", [("prompt",), ("neuron",), ("prompt", "neuron")])
def test_an_older_steps_late_answer_never_shows(
    page: Screen, data: Database, late: tuple[str, ...]
) -> None:
    opened(page, 8)
    held = Held(page, lambda name, of: of == model(64) and name in late)
    move(page, 64)
    held.wait(*((name, model(64)) for name in late))
    move(page, 512)
    page.until("!document.querySelector('.kn-waiting')")
    check(page, data, 512)
    for name in late:
        held.free(name, model(64))
        check(page, data, 512)
    assert page.address("model") == model(512)


def test_a_neurons_late_answer_does_not_show_before_the_next_steps(
    page: Screen, data: Database
) -> None:
    """The older neuron comes while the newer step's prompt is still awaited."""
    opened(page, 8)
    held = Held(
        page,
        lambda name, of: (name, of) in (("neuron", model(64)), ("prompt", model(512))),
    )
    move(page, 64)
    held.wait(("neuron", model(64)))
    page.until("kn.state.model === 'tiny@step64'")
    move(page, 512)
    held.wait(("prompt", model(512)))
    held.free("neuron", model(64))
    assert shown(page)["card"]["firing_rate"] == pytest.approx(wanted(data, 8)[1])
    held.free("prompt", model(512))
    page.until("!document.querySelector('.kn-waiting')")
    check(page, data, 512)


def test_a_neuron_picked_while_a_prompt_is_awaited_is_the_one_shown(
    page: Screen, data: Database
) -> None:
    opened(page, 8)
    held = Held(page, lambda name, of: of == model(64) and name == "prompt")
    move(page, 64)
    held.wait(("prompt", model(64)))
    page.page.evaluate("() => { kn.go({layer: 1, neuron: 4}); }")
    page.until("kn.neuron.card.layer === 1")
    held.free("prompt", model(64))
    page.until("!document.querySelector('.kn-waiting')")
    card = shown(page)["card"]
    assert (card["layer"], card["neuron"]) == (1, 4)
    query = (
        f"SELECT firing_rate FROM neurons WHERE model = '{model(64)}' AND layer = 1 AND neuron = 4"
    )
    assert card["firing_rate"] == pytest.approx(data.cursor().execute(query).fetchall()[0][0])


def test_the_list_of_prompts_is_asked_for_where_it_is_seen(page: Screen) -> None:
    page.open(model=model(8), tab="training", **PROMPT)
    page.until("kn.neuron && !document.querySelector('.kn-waiting')")
    held = Held(page, lambda _name, _of: False)
    for step in (64, 512):
        move(page, step)
        page.until(f"kn.neuron && kn.state.model === '{model(step)}'")
        page.until("!document.querySelector('.kn-waiting')")
    assert held.seen.count(("neuron", model(512))) == 1
    assert not [asked for asked in held.seen if asked[0] == "search"]
    page.tab("Explore")
    page.until("document.querySelectorAll('#kn-list [data-prompt]').length > 0")
    assert [asked for asked in held.seen if asked[0] == "search"] == [("search", model(512))]
