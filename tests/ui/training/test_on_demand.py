"""Facts asked on demand: the job over checkpoints, and the button in the page.

The model at work has its own tests (tests/live/test_facts.py): here what it would make of a fact is
what the lake holds of another.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from kn_assets import lake as lakes
from kn_assets.errors import KnError
from kn_assets.lake import Lake, asked
from kn_assets.lake.schema import ALL
from kn_assets.live.process import LiveProcess
from kn_assets.processes import Stopped
from tests.made import add_training
from tests.ui.asking import finished
from tests.ui.screen import Screen
from ui.api import Api
from ui.app import TABS
from ui.context import Context
from ui.rows import rows
from ui.runs.limits import LIVE_ALONE, LIVE_SHARED
from ui.runs.live import Live

STEPS = (0, 8, 64, 512)
LAST_FIRST = ["tiny@step512", "tiny@step0", "tiny@step8", "tiny@step64"]
MODEL = "tiny@step8"


OF_STEPS = ("probability", "rank", "logprob", "greedy", "saturation_layer", "trained")
ANSWERS = pa.schema([f for f in ALL["asked_answers"].schema if f.name != "run"])


class StandIn:
    """Answers for the process that runs models, with the stored rows of the fact `like`."""

    def __init__(self, lake: Lake, like: int) -> None:
        self.lake, self.like = lake, like
        self.asked: list[dict[str, Any]] = []
        self.stop_at = self.fail_at = ""

    def ask(
        self, question: dict[str, Any], timeout_s: float, tell: Any, stop: threading.Event
    ) -> bytes:
        self.asked.append({**question, "timeout_s": timeout_s})
        tell("prompts", 1, 2)
        if question["key"] == self.stop_at:
            raise Stopped
        if question["key"] == self.fail_at:
            raise KnError("its weights are lost")
        atlas = lakes.model(question["key"])
        made = {like: self._rows(atlas, like, question["fact"]) for like in asked.LIKE.values()}
        told = self._through_training(question["key"], made["fact_answers"].to_pylist())
        made["fact_answers"] = pa.Table.from_pylist(told, schema=ANSWERS)
        if question["keep"]:
            about = {
                "fact_id": question["fact"], "text": None, "answer": None, "attributed": True,
                "what": question["what"], "share": 0.7, "share_of": "relation", "seconds": 2.0,
                "fact_set": told[0]["fact_set"],
            }  # fmt: skip
            asked.keep(self.lake, atlas, about, made, asked.identity(self.lake, atlas))
        neurons = [
            [n["layer"], n["neuron"], n["score"]] for n in made["knowledge_neurons"].to_pylist()
        ]
        found = {
            "n_prompts": len(told), "n_correct": sum(r["greedy"] for r in told), "known": True,
            "attributed": True, "probability": 0.5, "neurons": neurons, "share": 0.7,
            "share_of": "relation", "seconds": 2.0, "kept": question["keep"],
        }  # fmt: skip
        return json.dumps(found).encode()

    def _through_training(self, key: str, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Answers with what the table of steps says of the fact `like` at the atlas' step."""
        steps = self.lake.read(lakes.model("tiny"), "fact_steps").to_pylist()
        of = {
            row["prompt"]: {name: row[name] for name in OF_STEPS}
            for row in steps
            if f"tiny@step{row['step']}" == key and row["fact_id"] == self.like
        }
        return [{**row, **of[row["prompt"]]} for row in told]

    def _rows(self, atlas: lakes.Partition, table: str, fact: int) -> pa.Table:
        found = self.lake.read(atlas, table)
        mine = found.filter(pa.array([f == self.like for f in found["fact_id"].to_pylist()]))
        ids = pa.array([fact] * len(mine), pa.int32())
        return mine.set_column(mine.column_names.index("fact_id"), "fact_id", ids)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    root = tmp_path_factory.mktemp("asked")
    return add_training(root, steps=STEPS, n_prompts=12, n_layers=3, n_neurons=20, density=0.12)


@pytest.fixture
def stand_in(
    trained: Lake, monkeypatch: pytest.MonkeyPatch, known: tuple[int, int]
) -> Iterator[StandIn]:
    made = StandIn(trained, known[0])
    monkeypatch.setattr(LiveProcess, "ask", lambda _, *given: made.ask(*given))
    monkeypatch.setattr(Live, "missing", lambda *_: None)
    yield made
    for partition in trained.partitions("model"):
        for table in (asked.FACTS, *asked.LIKE):
            trained.remove(partition, table)


@pytest.fixture(scope="module")
def known(trained: Lake) -> tuple[int, int]:
    """A fact that was learned between two checkpoints, and one that wasn't asked."""
    context = Context(trained)
    (learned, *_) = rows(
        context.database,
        "SELECT m.fact_id FROM fact_milestones('tiny') AS m SEMI JOIN knowledge_neurons AS k "
        "ON k.fact_id = m.fact_id WHERE m.before_stable IS NOT NULL ORDER BY 1",
    )
    (other, *_) = rows(
        context.database,
        "SELECT f.fact_id FROM facts AS f ANTI JOIN every_answer AS a ON a.fact_id = f.fact_id "
        "ORDER BY 1",
    )
    context.close()
    return learned["fact_id"], other["fact_id"]


def api_of(trained: Lake, **limits: Any) -> Api:
    return Api(Context(trained, **limits), TABS)


def ask(api: Api, fact: int, steps: str = "all") -> dict[str, Any]:
    return finished(api, "ask_fact", model=MODEL, fact=fact, what="change", steps=steps)


def test_all_checkpoints_are_asked_the_last_first_and_once(
    trained: Lake, stand_in: StandIn, known: tuple[int, int]
) -> None:
    api = api_of(trained)
    state = ask(api, known[1])
    assert state["state"] == "done", state
    assert [s["model"] for s in state["result"]["steps"]] == LAST_FIRST
    first, *others = stand_in.asked
    assert (first["final"], first["anyway"]) == (None, False)
    last = trained.read(lakes.model("tiny@step512"), "asked_neurons").to_pylist()
    for question in others:
        assert question["anyway"] is True
        assert {tuple(n[:2]) for n in question["final"]} == {
            (n["layer"], n["neuron"]) for n in last
        }
    story = json.loads(api.ask("training_fact", {"model": MODEL, "fact": known[1]}))
    assert story["on_demand"] == story["attributed"] == list(STEPS)
    n = len(stand_in.asked)
    assert ask(api, known[1])["result"]["steps"] == []
    assert ask(api, known[0])["result"]["steps"] == [], "it was attributed in advance"
    assert len(stand_in.asked) == n
    assert json.loads(api.ask("can_ask", {"model": MODEL}))["seconds"] == 2
    api.context.close()


def test_what_was_done_before_a_cancel_or_a_lost_checkpoint_stays(
    trained: Lake, stand_in: StandIn, known: tuple[int, int]
) -> None:
    api = api_of(trained)
    stand_in.stop_at = "tiny@step8"
    assert ask(api, known[1])["state"] == "cancelled"
    kept = rows(api.context.database, "SELECT model FROM asked_facts ORDER BY 1")
    assert [row["model"] for row in kept] == ["tiny@step0", "tiny@step512"]
    stand_in.stop_at, stand_in.fail_at = "", "tiny@step64"
    result = ask(api, known[1])["result"]
    assert [s["model"] for s in result["steps"]] == ["tiny@step8"], "the others are there"
    assert result["left_out"] == {"tiny@step64": "its weights are lost"}
    assert "its weights are lost" in ask(api, known[1])["error"]
    api.context.close()


def test_an_app_that_others_reach_keeps_nothing(
    trained: Lake, stand_in: StandIn, known: tuple[int, int]
) -> None:
    api = api_of(trained, live_limits=LIVE_SHARED)
    result = ask(api, known[1])["result"]
    assert not result["kept"] and len(result["steps"]) == len(STEPS)
    assert all(trained.meta(lakes.model(m), asked.FACTS) is None for m in LAST_FIRST)
    times = [q["timeout_s"] for q in stand_in.asked]
    assert times == sorted(times, reverse=True) and times[0] <= LIVE_SHARED.seconds
    api.context.close()
    none = api_of(trained, live_limits=replace(LIVE_SHARED, seconds=0.0))
    assert "are allowed here" in ask(none, known[1])["error"]
    none.context.close()
    assert LIVE_ALONE.keeps


@pytest.fixture
def screen(
    trained: Lake, stand_in: StandIn, serve: Callable[..., str], screens: Callable[[str], Screen]
) -> Screen:
    """A page of an app whose model is the stand-in."""
    return screens(serve(trained))


def test_a_fact_that_was_not_asked_is_asked_in_the_page(
    trained: Lake, stand_in: StandIn, known: tuple[int, int], screen: Screen
) -> None:
    screen.open(model=MODEL, tab="training", fact=known[1])
    screen.until("document.querySelector('[data-kn-ask=all]')")
    page = screen.page
    assert page.locator("[data-kn-reason=asked]").count() == 1
    assert "not asked" in page.locator(".kn-words").inner_text()
    page.locator("[data-kn-ask=all]").click()
    screen.until("!document.querySelector('[data-kn-reason=asked]')")
    screen.settled()
    words = page.locator(".kn-words").inner_text()
    assert "learned between" in words.lower() and "on demand" in words
    assert page.locator("[data-kn-ask]").count() == 0
    own = trained.read(lakes.model("tiny@step512"), "asked_neurons").to_pylist()
    assert page.locator(".kn-matrix-names button").count() >= len(own) > 0


def test_a_fact_that_was_not_asked_is_two_acts_away(
    trained: Lake, stand_in: StandIn, known: tuple[int, int], screen: Screen
) -> None:
    page = screen.open(model=MODEL).page
    (fact,) = (
        f for f in trained.read(lakes.corpus("made"), "facts").to_pylist()
        if f["fact_id"] == known[1]
    )  # fmt: skip
    box = page.get_by_role("searchbox", name="Ask:")
    box.fill(f"{fact['subject']} is in {fact['object']}")
    box.press("Enter")
    page.get_by_role("link", name="The model was not asked this fact").click()
    screen.until("kn.state.tab === 'training' && document.querySelector('[data-kn-reason]')")
    screen.until("!document.querySelector('[data-kn-reason=asked]')")
    screen.settled()
    words = page.locator(".kn-words").inner_text()
    assert fact["subject"] in words and "learned between" in words.lower()
    assert len(stand_in.asked) == len(STEPS), "each checkpoint once"
    assert page.locator(".kn-matrix-names button").count() > 0
