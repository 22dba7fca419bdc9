"""Runs that a browser asks for: what it sends is checked, and they wait in the queue."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kn_assets.lake import Lake
from tests.live.test_knowledge import KEY
from ui.context import Context
from ui.knowledge import tab

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
        ({**SENTENCE, "answer": ""}, "the answer that ends it"),
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
def test_what_a_browser_sends_is_checked(own_context: Context, asked: Any, words: str) -> None:
    *_, last = tab._run(own_context, asked, "me")
    assert words in json.loads(last)["error"]


@pytest.fixture(scope="module")
def own_context(own_lake: Lake) -> Iterator[Context]:
    from ui.runs.queue import LiveLimits

    context = Context(own_lake, live_limits=LiveLimits(characters=100, seconds=120))
    yield context
    context.close()


class Held:
    """Stands in for the process: a run goes on until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked: list[str] = []

    def ask(self, question: dict[str, Any], timeout_s: float, tell: Any) -> bytes:
        tell("layers attributed", 1, 3)
        assert self.go.wait(60)
        self.asked.append(question["do"])
        return json.dumps({"did": question["do"]}).encode()

    def close(self) -> None:
        self.go.set()


def test_runs_wait_in_the_queue_of_all_live_runs(own_lake: Lake) -> None:
    context = Context(own_lake)
    context.live._process.close()
    context.live._process = held = Held()  # type: ignore[assignment]
    first = tab._run(context, {**SENTENCE, "ask": 1}, "a")
    second = tab._run(context, {**CHANGE, "ask": 2}, "b")
    third = context.live.run({"model": KEY, "text": "Kabul"}, "c")
    assert json.loads(next(first))["done"] == 1
    assert json.loads(next(second)) == {"waiting": 1, "ask": 2}
    assert json.loads(next(third))["waiting"] == 2
    mine = list(tab._run(context, {**CHANGE, "ask": 3}, "b"))
    assert "wait for it" in json.loads(mine[-1])["error"]
    third.close()  # type: ignore[attr-defined]  # its page is gone
    held.go.set()
    assert json.loads([*first][-1]) == {"found": {"did": "attribute"}, "ask": 1}
    assert json.loads([*second][-1])["found"] == {"did": "change"}
    assert held.asked == ["attribute", "change"]
    context.close()
