"""Runs of `kn knowledge` that are interrupted, and gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.knowledge import answers, facts, interventions, scores, tables, work
from kn_assets.knowledge.concept_table import CONCEPTS
from kn_assets.knowledge.fact_tables import OF_CORPUS
from kn_assets.knowledge.last_token import LastToken, last_token
from kn_assets.knowledge.questions import Question
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.knowledge.tables import OF_MODEL, KnowledgePlan
from kn_assets.lake import Lake
from kn_assets.lake.plan import stale
from kn_assets.launch import run
from kn_assets.launch.request import Request
from kn_assets.models.load import LoadedModel
from kn_assets.progress import Bar, Progress
from tests.atlas.test_extract import made_plan

TOLD = [
    ("capital", "Afghanistan", "Kabul"),
    ("capital", "Japan", "Tokyo"),
    ("capital", "Peru", "Lima"),
    ("capital", "Nigeria", "Abuja"),
]
WORDINGS = ("The capital of {} is", "In {}, the capital is", "{} has its capital in")
PROMPTS = len(TOLD) * len(WORDINGS)
FACTS = len(TOLD)
BATCH = 5
BATCHES = 3
SETTINGS = KnowledgeSettings(steps=3)


class Interrupting(Progress):
    """Control-C when so many units of a bar are done; keeps what is shown."""

    def __init__(self, title: str = "", after: int = 0) -> None:
        self.title, self.left = title, after
        self.said: list[str] = []
        self.opened: dict[str, tuple[int, int]] = {}

    @contextmanager
    def bar(self, title: str, total: int, unit: str = "it", done: int = 0) -> Iterator[Bar]:
        self.opened[title] = (total, done)
        self.now = title
        yield self

    def advance(self, n: int = 1) -> None:
        if self.now == self.title:
            self.left -= n
            if self.left <= 0:
                raise KeyboardInterrupt

    def note(self, text: str) -> None:
        pass

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> AtlasPlan:
    made = made_plan(tmp_path_factory.mktemp("knowledge"), "gpt2", n=3)
    told = [
        facts.Fact(relation, subject, answer, tuple(w.format(subject) for w in WORDINGS))
        for relation, subject, answer in TOLD
    ]
    for table, rows in zip(OF_CORPUS, facts.tables(told), strict=True):
        made.lake.write(made.corpus, table, rows, "made")
    return made


def prepare(patch: pytest.MonkeyPatch) -> None:
    """Take a random model to know all facts that it is asked, a few at a time."""
    patch.setattr(answers, "known", lambda table: sorted(set(table["fact_id"].to_pylist())))
    patch.setattr(answers, "_ROWS", BATCH)


@pytest.fixture(autouse=True)
def done(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    """What is asked, attributed and changed, as it is."""
    seen: dict[str, list[Any]] = {"answers": [], "attribution": [], "interventions": []}
    answered, other_facts = answers._answered, interventions.other_facts

    def asks(loaded: LoadedModel, asked: list[Question]) -> pa.Table:
        seen["answers"].append(tuple(asked))
        return answered(loaded, asked)

    def attributes(loaded: LoadedModel, ids: tuple[int, ...]) -> LastToken:
        seen["attribution"].append(ids)
        return last_token(loaded, ids)

    def changes(own: dict[str, Any], *given: Any) -> list[int]:
        seen["interventions"].append(own["fact_id"])
        return other_facts(own, *given)

    monkeypatch.setattr(answers, "_answered", asks)
    monkeypatch.setattr(scores, "last_token", attributes)
    monkeypatch.setattr(interventions, "other_facts", changes)
    prepare(monkeypatch)
    return seen


@pytest.fixture(scope="module")
def wanted(plan: AtlasPlan) -> dict[str, bytes]:
    """The tables of an undisturbed run."""
    with pytest.MonkeyPatch.context() as patch:
        prepare(patch)
        rows = tables.write_knowledge(plan, SETTINGS, Progress())
    assert rows["fact_answers"] == PROMPTS
    assert rows["attributions"] > PROMPTS
    assert rows["interventions"] > PROMPTS
    return taken(plan)


def taken(plan: AtlasPlan) -> dict[str, bytes]:
    """The files of the tables about facts, which are removed."""
    found = {}
    for table in OF_MODEL:
        (file,) = plan.lake.files(plan.model, table)
        found[table] = file.read_bytes()
        plan.lake.remove(plan.model, table)
    assert not list(plan.lake.folder(plan.model).glob(".*")), "no stray files"
    return found


def interrupted(plan: AtlasPlan, title: str, after: int) -> Interrupting:
    progress = Interrupting(title, after)
    with pytest.raises(KeyboardInterrupt):
        tables.write_knowledge(plan, SETTINGS, progress)
    return progress


def test_an_interrupted_run_goes_on(
    plan: AtlasPlan, wanted: dict[str, bytes], done: dict[str, list[Any]]
) -> None:
    first = interrupted(plan, "answers", BATCH)
    assert first.opened == {"answers": (PROMPTS, 0)}
    assert not any("resuming" in line for line in first.said)
    second = interrupted(plan, "answers", BATCH)
    assert second.opened == {"answers": (PROMPTS, BATCH)}
    third = interrupted(plan, "attribution", 2)
    assert third.opened == {"answers": (PROMPTS, 2 * BATCH), "attribution": (PROMPTS, 0)}
    assert f"answers: resuming, 2 of {BATCHES} parts done" in third.said
    fourth = interrupted(plan, "attribution", PROMPTS - 2)  # at the last
    assert fourth.opened == {"answers": (PROMPTS, PROMPTS), "attribution": (PROMPTS, 2)}
    assert len(done["attribution"]) == PROMPTS
    fifth = interrupted(plan, "interventions", 1)
    assert fifth.opened["attribution"] == (PROMPTS, PROMPTS)
    assert fifth.opened["interventions"] == (FACTS, 0)
    sixth = interrupted(plan, "interventions", 2)
    assert sixth.opened["interventions"] == (FACTS, 1)
    last = Interrupting()
    tables.write_knowledge(plan, SETTINGS, last)
    assert last.opened["interventions"] == (FACTS, 3)
    for stage, parts in (("answers", BATCHES), ("attribution", PROMPTS), ("interventions", FACTS)):
        assert len(done[stage]) == len(set(done[stage])) == parts, f"{stage}: none twice"
    assert taken(plan) == wanted


def test_a_part_half_kept_is_made_again(
    plan: AtlasPlan,
    wanted: dict[str, bytes],
    done: dict[str, list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            tables.write_knowledge(plan, SETTINGS, Progress())
    assert list(plan.lake.folder(plan.model).glob(".work-*/.*")), "it was being written"
    tables.write_knowledge(plan, SETTINGS, Progress())
    assert [len(parts) for parts in done.values()] == [BATCHES + 1, PROMPTS, FACTS]
    assert taken(plan) == wanted


def test_work_with_other_settings_is_thrown_away(
    plan: AtlasPlan, wanted: dict[str, bytes], done: dict[str, list[Any]]
) -> None:
    interrupted(plan, "interventions", 2)
    for parts in done.values():
        parts.clear()
    tables.write_knowledge(plan, replace(SETTINGS, steps=SETTINGS.steps + 1), Progress())
    assert [len(parts) for parts in done.values()] == [BATCHES, PROMPTS, FACTS]
    assert taken(plan)["attributions"] != wanted["attributions"]


def test_work_on_other_facts_is_thrown_away(
    plan: AtlasPlan, wanted: dict[str, bytes], done: dict[str, list[Any]]
) -> None:
    interrupted(plan, "interventions", 2)
    for parts in done.values():
        parts.clear()
    told = [plan.lake.read(plan.corpus, table) for table in OF_CORPUS]
    try:
        for table, rows in zip(OF_CORPUS, told, strict=True):
            plan.lake.write(plan.corpus, table, rows, "made anew")
        tables.write_knowledge(plan, SETTINGS, Progress())
    finally:
        for table, rows in zip(OF_CORPUS, told, strict=True):
            plan.lake.write(plan.corpus, table, rows, "made")
    assert [len(parts) for parts in done.values()] == [BATCHES, PROMPTS, FACTS]
    assert taken(plan) == wanted, "the facts were the same ones"


def test_nothing_known_is_remembered(plan: AtlasPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "known", lambda _: [])
    said = Interrupting()
    rows = tables.write_knowledge(plan, SETTINGS, said)
    assert rows == {table: PROMPTS if table == "fact_answers" else 0 for table in OF_MODEL}
    assert any("the model knows none of the facts asked" in line for line in said.said)
    note = plan.lake.meta(plan.model, "fact_answers") or {}
    assert (note["facts_asked"], note["facts_known"]) == (FACTS, 0)
    assert not stale(KnowledgePlan(plan, SETTINGS)), "what was asked isn't asked again"
    assert not list(plan.lake.folder(plan.model).glob(".*"))
    taken(plan)


def test_a_run_killed_before_it_tidied_up_leaves_nothing(
    plan: AtlasPlan, wanted: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(work.Work, "finish", lambda _: None)
        tables.write_knowledge(plan, SETTINGS, Progress())
    assert list(plan.lake.folder(plan.model).glob(".work-knowledge-*"))
    asked: list[list[str]] = []
    monkeypatch.setattr(run, "materialize", lambda _request, _of, names: asked.append(names))
    monkeypatch.setattr(Request, "stale_facts", lambda _: [])
    settings = AtlasSettings.from_json(plan.settings.to_json())
    request = Request(Lake(plan.lake.root), settings, knowledge=SETTINGS)
    run._run_knowledge(request)
    assert asked == [[CONCEPTS]], "the tables about facts are there"
    assert taken(plan) == wanted
