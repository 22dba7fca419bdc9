"""What a browser may ask, and how it is answered."""

from __future__ import annotations

import json

import pytest

from kn_assets.lake import Lake
from ui.api import Api
from ui.app import TABS
from ui.context import Context
from ui.sql.examples import QUESTIONS
from ui.tab import Tab


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("prompt", {"model": "nobody", "prompt": 0}, "no atlas 'nobody'"),
        ("prompt", {"model": "tiny", "prompt": 999}, "no prompt 999"),
        ("prompt", {"model": "tiny", "prompt": "0; DROP"}, "whole number"),
        ("prompt", {"model": "tiny", "prompt": True}, "whole number"),
        ("neuron", {"model": "tiny", "prompt": 0, "layer": 3, "neuron": 0}, "from 0 to 2"),
        ("points", {"model": "tiny", "kind": "x"}, "one of neurons, prompts"),
        (
            "selection",
            {"model": "tiny", "kind": "neurons", "outline": [[1, 2]]},
            "pairs of numbers",
        ),
        (
            "selection",
            {"model": "tiny", "kind": "neurons", "outline": [[1, 2], [3, 4], [5, float("inf")]]},
            "pairs of numbers",
        ),
        ("search", {"model": "tiny", "text": 5, "offset": 0, "limit": 1}, "must be a text"),
        ("points", ["tiny"], "one of neurons, prompts"),
    ],
)
def test_what_a_browser_sends_is_checked(
    api: Api, name: str, arguments: object, words: str
) -> None:
    assert words in json.loads(api.ask(name, arguments))["error"]


def test_a_tab_brings_its_own_questions(made: Lake) -> None:
    tab = Tab("x", "X", "", (), questions={"said": lambda _, given: {"said": given.text("words")}})
    api = Api(Context(made), [*TABS, tab])
    assert "said" in [f.__name__ for f in api.functions()]
    assert json.loads(api.ask("said", {"words": "so"})) == {"said": "so"}
    api.context.close()


def test_answers_hold_no_markup(api: Api) -> None:
    answer = api.ask("search", {"model": "tiny", "text": "script", "offset": 0, "limit": 9})
    assert "<" not in answer
    assert any("<script>" in row["name"] for row in json.loads(answer)["rows"])


def test_help_names_every_question_and_macro(api: Api) -> None:
    found = json.loads(api.ask("sql_help", {"model": "tiny"}))
    assert len(found["examples"]) == len(QUESTIONS)
    calls = {row["call"] for row in found["relations"]}
    assert "heatmap(model, prompt)" in calls
    assert "activations" in calls
    assert all(row["meaning"] for row in found["relations"])
