"""Runs that a browser asks for: what it sends is checked, and they wait in the queue."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kn_assets.lake import Lake
from tests.live.test_knowledge import KEY
from tests.ui.asking import over
from ui.api import Api
from ui.app import TABS
from ui.context import Context
from ui.runs.limits import LiveLimits

SENTENCE = {"model": KEY, "sentence": "Kabul is", "answer": "the", "do": "attribute", "steps": 4}
CHANGE = {**SENTENCE, "do": "change", "factor": 0, "neurons": [[0, 1]]}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (None, "no atlas ''"),
        ({**SENTENCE, "model": "../x"}, "no atlas '../x'"),
        ({**SENTENCE, "sentence": 5}, "sentence must be a text"),
        ({**SENTENCE, "sentence": ""}, "fact must be a whole number"),
        ({**SENTENCE, "sentence": "a" * 101}, "100 or fewer"),
        ({**SENTENCE, "answer": ""}, "and its answer"),
        ({**SENTENCE, "do": "delete"}, "attribute, change"),
        ({**SENTENCE, "steps": 65}, "from 0 to 64"),
        ({**CHANGE, "factor": -1}, "from 0 to 100"),
        ({**CHANGE, "factor": True}, "from 0 to 100"),
        ({**CHANGE, "neurons": []}, "pairs of whole numbers"),
        ({**CHANGE, "neurons": [[0, 1, 2]]}, "pairs of whole numbers"),
        ({**CHANGE, "neurons": [[0, 1]] * 201}, "1 to 200 pairs"),
        ({**CHANGE, "neurons": [[99, 0]]}, "no neuron"),
    ],
)
def test_what_a_browser_sends_is_checked(own_api: Api, asked: Any, words: str) -> None:
    ticket, state = own_api.start("knowledge", asked, "me")
    answer = json.loads(state) if ticket is None else over(own_api, ticket)
    assert words in answer["error"]


@pytest.fixture(scope="module")
def own_api(own_lake: Lake) -> Iterator[Api]:
    limits = LiveLimits(characters=100, seconds=120)
    api = Api(Context(own_lake, live_limits=limits), TABS)
    yield api
    api.context.close()


class Held:
    """Stands in for the process: a run goes on until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked: list[str] = []

    def ask(self, question: dict[str, Any], timeout_s: float, tell: Any, stop: Any) -> bytes:
        tell("layers attributed", 1, 3)
        assert self.go.wait(60)
        self.asked.append(question["do"])
        return json.dumps({"did": question["do"]}).encode()

    def close(self) -> None:
        self.go.set()


def test_runs_wait_in_the_queue_of_all_live_runs(own_lake: Lake) -> None:
    api = Api(Context(own_lake), TABS)
    api.context.live.process.close()
    api.context.live.process = held = Held()  # type: ignore[assignment]
    first, _ = api.start("knowledge", SENTENCE, "a")
    second, _ = api.start("knowledge", CHANGE, "b")
    third, _ = api.start("text", {"model": KEY, "text": "Kabul"}, "c")
    assert first and second and third
    assert json.loads(api.look(second))["before"] == 1
    assert json.loads(api.look(third))["before"] == 2
    fourth, _ = api.start("knowledge", CHANGE, "b")
    assert fourth
    assert json.loads(api.look(fourth))["before"] == 3, "whoever has one waiting comes later"
    for ticket in (third, fourth):
        api.cancel(ticket)
    held.go.set()
    assert over(api, first)["result"] == {"did": "attribute"}
    assert over(api, second)["result"] == {"did": "change"}
    assert held.asked == ["attribute", "change"]
    api.context.close()
