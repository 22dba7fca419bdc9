"""What a browser may ask, and how it is answered."""

from __future__ import annotations

import json
import sys
import threading
import time

import pytest

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from tests.ui.asking import finished
from ui import api as apis
from ui.access import without_paths
from ui.api import Api
from ui.app import TABS
from ui.context import Context
from ui.runs.few import Few
from ui.runs.job import Job, Work
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
        (
            "selection",
            {"model": "tiny", "kind": "neurons", "outline": [[1, 2], [3, 4], [5, 10**400]]},
            "pairs of numbers",
        ),
        (
            "selection",
            {"model": "tiny", "kind": "neurons", "outline": [[1, i] for i in range(51)]},
            "3 to 50 pairs",
        ),
        (
            "search",
            {"model": "tiny", "text": "\ud800", "offset": 0, "limit": 1},
            "half a character",
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


def test_a_question_takes_no_room_beside_its_answer(made: Lake) -> None:
    api = Api(Context(made), TABS)
    ask = {"model": "tiny", "prompt": 0}
    for i in range(40):
        api.ask("has_prompt", {**ask, "junk": f"{i}" + "B" * 100_000})
    assert sum(len(str(key)) for key in api._memory) < 40 * 10_000
    api.context.close()


def test_answers_that_are_kept_are_bounded_also_where_they_are_short(
    made: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apis, "REMEMBERED", 20 * apis.OVERHEAD)
    api = Api(Context(made), TABS)
    for i in range(60):
        api.ask("has_prompt", {"model": "tiny", "prompt": 0, "junk": i})
    assert 10 < len(api._memory) < 20
    kept = sum(sys.getsizeof(answer) + apis.OVERHEAD for answer in api._memory.values())
    assert api._size == kept
    api.context.close()


def test_answers_that_are_kept_are_bounded_in_bytes(
    made: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a text with an emoji each character takes four."""
    monkeypatch.setattr(apis, "REMEMBERED", 1 << 20)
    api = Api(Context(made), TABS)
    for i in range(40):
        api._remember(("x", bytes([i]), api.context.database.stamp), "🗼" + "x" * 40_000)
    assert sum(sys.getsizeof(answer) for answer in api._memory.values()) <= 1 << 20
    assert len(api._memory) == 6
    api.context.close()


def test_strangers_are_told_no_path_of_the_machine(made: Lake) -> None:
    def fail(context: Context, given: object) -> dict[str, object]:
        raise KnError(f"can't read {made.root}/atlas/x.parquet: put it back")

    def job(context: Context, given: object) -> Work:
        def do(job: Job) -> dict[str, object]:
            job.tell(f"loading {made.root}/models/x in float32", 0, 0)
            return fail(context, given)

        return Work("live", do)

    tab = Tab("x", "X", "", (), questions={"bad": fail}, jobs={"bad": job})
    for shared in (True, False):
        api = Api(Context(made, shared=shared), [tab])
        said = json.loads(api.ask("bad", {}))["error"]
        told = finished(api, "bad")["error"]
        assert said == told
        assert (str(made.root) in said) is not shared
        assert said.endswith("x.parquet: put it back")
        api.context.close()


def test_what_is_not_foreseen_is_told_without_its_error(
    made: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(context: Context, given: object) -> dict[str, object]:
        raise ZeroDivisionError(f"by zero in {made.root}")

    def wrong(context: Context, given: object) -> dict[str, object]:
        context.database.cursor().execute("SELECT no_such_column FROM neurons")
        return {}

    api = Api(Context(made), [Tab("x", "X", "", (), questions={"bad": fail, "wrong": wrong})])
    for name, error in (("bad", "ZeroDivisionError: by zero"), ("wrong", "no_such_column")):
        said = json.loads(api.ask(name, {}))["error"]
        assert said.startswith(f"the view {name} failed: this app's log says why")
        assert error not in said
        assert error in caplog.text
    api.context.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("can't read /home/me/lake: full", "can't read …/lake: full"),
        ("'/a/b/c.parquet': cut", "'…/c.parquet': cut"),
        ("no rows: /x and 3/4", "no rows: /x and 3/4"),
        ("see https://a.example/b/c", "see https://a.example/b/c"),
        ("C:\\Users\\me\\lake", "…/lake"),
        ("model org/name@v1", "model org/name@v1"),
    ],
)
def test_paths_lose_all_but_their_last_name(text: str, told: str) -> None:
    assert without_paths(text) == told


def test_selections_take_turns() -> None:
    few = Few("selections", at_once=1, waiting=1)
    inside, go = threading.Event(), threading.Event()
    done: list[str] = []

    def take(name: str) -> None:
        with few.turn():
            inside.set()
            go.wait(10)
            done.append(name)

    threads = [threading.Thread(target=take, args=(name,)) for name in "ab"]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    until = time.monotonic() + 10
    while few._places._value and time.monotonic() < until:
        time.sleep(0.01)
    with pytest.raises(KnError, match="many selections"), few.turn():
        pass
    go.set()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["a", "b"]
    with few.turn():
        pass


def test_help_names_every_question_and_macro(api: Api) -> None:
    found = json.loads(api.ask("sql_help", {"model": "tiny"}))
    assert len(found["examples"]) == len(QUESTIONS)
    calls = {row["call"] for row in found["relations"]}
    assert "heatmap(model, prompt)" in calls
    assert "activations" in calls
    assert all(row["meaning"] for row in found["relations"])
