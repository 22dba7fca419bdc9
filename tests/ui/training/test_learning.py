"""A training that goes on is watched: its log, and P(answer) of one fact, measured meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.training import train
from tests.made import make_lake
from tests.training.tiny_run import TINY
from tests.ui.screen import Screen
from ui.training.learning import learning


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A run that stopped in its middle, beside an atlas of another model."""
    lake = make_lake(
        tmp_path_factory.mktemp("begun"), n_prompts=4, n_layers=2, n_neurons=8, n_tokens=6
    )
    train(replace(TINY, sample=4), lake, until=16)
    return lake


def test_what_is_told_of_a_run(begun: Lake) -> None:
    run = learning(begun, "")["run"]
    assert (run["name"], run["step"], run["steps"]) == ("tiny", 16, 24)
    assert [step for step, *_ in run["p_answer"]] == [step for step, *_ in run["known"]]
    assert {0, 8, 16} <= {step for step, *_ in run["p_answer"]}
    assert len(run["facts"]) == 4 == run["n_facts"]
    assert run["fact"] in run["facts"]
    other = next(fact for fact in run["facts"] if fact != run["fact"])
    again = learning(begun, other[0])["run"]
    assert again["fact"] == other
    assert again["p_answer"] != run["p_answer"]


def test_a_damaged_file_is_told_without_the_lakes_folder(begun: Lake) -> None:
    file = begun.models / "tiny" / "learning.jsonl"
    kept = file.read_text()
    for damaged in ("{", "[]\n", '{"step": 1}\n', '{"facts": [["a", "b"]]}\n{"step": 1}\n'):
        file.write_text(damaged)
        with pytest.raises(KnError, match=r"^models/tiny/learning.jsonl is damaged"):
            learning(begun, "")
    file.write_text(kept)
    note = begun.models / "tiny" / "training.json"
    told = note.read_text()
    for other in ({"diverged_after": 12}, {"steps": "many"}):
        note.write_text(json.dumps({**json.loads(told), **other}))
        assert learning(begun, "")["run"] is None
    note.write_text("[]")
    assert learning(begun, "")["run"] is None
    note.write_text(told)
    assert learning(begun, "")["run"] is not None


def test_nothing_is_told_where_no_training_goes_on(trained: Lake) -> None:
    assert learning(trained, "")["run"] is None


@pytest.mark.browser
def test_the_tab_shows_it_learn(
    screens: Callable[[str], Screen], serve: Callable[..., str], begun: Lake, tmp_path: Path
) -> None:
    screen = screens(serve(begun)).open(tab="training")
    pane = screen.page.locator("[data-kn=learning]")
    pane.locator("svg").first.wait_for()
    assert "step 16 of 24" in pane.inner_text()
    assert pane.locator("figure").count() == 3
    values = pane.locator("figure").nth(2).inner_text()
    before = pane.locator("select").input_value()
    other = next(f[0] for f in learning(begun, "")["run"]["facts"] if f[0] != before)
    pane.locator("select").select_option(other)
    screen.until(f"document.querySelector('[data-kn=learning] h3:last-of-type') && "
                 f"[...document.querySelectorAll('[data-kn=learning] h3')].at(-1).innerText.includes({other!r})")  # noqa: E501  # fmt: skip
    assert pane.locator("figure").nth(2).inner_text() != values
