"""A fact asked on demand of a model at work, in its process; after that the lake answers."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from kn_assets.lake import Lake, asked
from kn_assets.lake import model as partition
from tests.live.test_knowledge import KEY
from tests.ui.asking import finished
from ui.api import Api
from ui.app import TABS
from ui.context import Context


@pytest.fixture
def api(own_lake: Lake) -> Iterator[Api]:
    api = Api(Context(own_lake), TABS)
    yield api
    api.context.close()
    for table in (asked.FACTS, *asked.LIKE):
        own_lake.remove(partition(KEY), table)


def test_a_fact_is_asked_in_the_process_of_live_models(api: Api) -> None:
    before = json.loads(api.ask("fact", {"model": KEY, "fact": 0}))
    assert before["asked"] is None and "kn knowledge" in before["missing"]
    assert {p["rank"] for p in before["prompts"]} == {None}
    told = {"model": KEY, "fact": 0, "what": "ask", "steps": "one"}
    state = finished(api, "ask_fact", **told)
    (found,) = state["result"]["steps"]
    after = json.loads(api.ask("fact", {"model": KEY, "fact": 0}))
    assert after["asked"]["what"] == "ask" and after["missing"] is None
    ranks = [p["rank"] for p in after["prompts"]]
    assert len(ranks) == found["n_prompts"] and min(ranks) >= 1
    mean = sum(p["probability"] for p in after["prompts"]) / len(ranks)
    assert found["probability"] == pytest.approx(mean, rel=1e-5)
    listed = json.loads(api.ask("facts", {"model": KEY, "text": "", "offset": 0, "limit": 50}))[
        "rows"
    ]
    assert [r["fact_id"] for r in listed if r["on_demand"]] == [0]
    ticket, again = api.start("ask_fact", told, "me")
    assert ticket is None and json.loads(again)["result"]["steps"] == []


def test_a_sentence_is_kept_for_who_opens_its_link(api: Api) -> None:
    own = {
        "model": KEY,
        "sentence": "Kabul is the capital of",
        "answer": "sand",
        "what": "attribute",
    }
    assert json.loads(api.ask("asked_steps", own)) == {"steps": []}
    state = finished(api, "ask_fact", **own, steps="one")
    (found,) = state["result"]["steps"]
    (kept,) = json.loads(api.ask("asked_steps", own))["steps"]
    assert kept["model"] == KEY and kept["n_prompts"] == found["n_prompts"] == 1
    assert kept["probability"] == pytest.approx(found["probability"], rel=1e-5)
    ticket, again = api.start("ask_fact", {**own, "steps": "one"}, "me")
    assert ticket is None and json.loads(again)["result"]["steps"] == []
    assert json.loads(api.ask("asked_steps", {**own, "answer": "Japan"})) == {"steps": []}


def test_what_cannot_be_asked_is_told(api: Api) -> None:
    asked_for = {"model": KEY, "fact": 99_999, "what": "ask", "steps": "one"}
    state = finished(api, "ask_fact", **asked_for)
    assert state["state"] == "failed" and "no fact can be asked" in state["error"]
    ticket, words = api.start("ask_fact", {**asked_for, "what": "everything"}, "me")
    assert ticket is None and "what must be one of" in words
