"""Runs of `kn knowledge` that are interrupted, and gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from kn_assets import launch
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.knowledge import answers, facts, scores, tables, work
from kn_assets.knowledge.last_token import LastToken, last_token
from kn_assets.knowledge.tables import CONCEPTS, OF_CORPUS, OF_MODEL, KnowledgeSettings
from kn_assets.lake import Lake
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


def all_known(patch: pytest.MonkeyPatch) -> None:
    """Take a random model to know all facts that it is asked."""
    patch.setattr(answers, "known", lambda table: sorted(set(table["fact_id"].to_pylist())))


@pytest.fixture(autouse=True)
def attributed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The prompts as they are attributed, all facts known."""
    seen: list[tuple[int, ...]] = []

    def told(loaded: LoadedModel, ids: tuple[int, ...]) -> LastToken:
        seen.append(ids)
        return last_token(loaded, ids)

    monkeypatch.setattr(scores, "last_token", told)
    all_known(monkeypatch)
    return seen


@pytest.fixture(scope="module")
def wanted(plan: AtlasPlan) -> dict[str, pa.Table]:
    """The tables of an undisturbed run."""
    with pytest.MonkeyPatch.context() as patch:
        all_known(patch)
        tables.write_knowledge(plan, SETTINGS, Progress())
    return taken(plan)


def taken(plan: AtlasPlan) -> dict[str, pa.Table]:
    """The tables about facts, which are removed."""
    found = {t: plan.lake.read(plan.model, t) for t in OF_MODEL}
    for table in OF_MODEL:
        plan.lake.remove(plan.model, table)
    assert not list(plan.lake.folder(plan.model).glob(".*")), "no stray files"
    return found


def interrupted(plan: AtlasPlan, title: str, after: int) -> Interrupting:
    progress = Interrupting(title, after)
    with pytest.raises(KeyboardInterrupt):
        tables.write_knowledge(plan, SETTINGS, progress)
    return progress


def test_an_interrupted_run_goes_on(
    plan: AtlasPlan, wanted: dict[str, pa.Table], attributed: list[tuple[int, ...]]
) -> None:
    assert wanted["attributions"].num_rows > PROMPTS
    assert wanted["interventions"].num_rows > PROMPTS
    first = interrupted(plan, "attribution", 2)
    assert first.opened["attribution"] == (PROMPTS, 0)
    assert not any("before" in line for line in first.said)
    assert len(attributed) == 2
    second = interrupted(plan, "attribution", 3)
    assert second.opened["attribution"] == (PROMPTS, 2)
    assert f"2 of {PROMPTS} prompts were attributed before: going on there" in second.said
    third = interrupted(plan, "interventions", 1)
    assert third.opened["attribution"] == (PROMPTS, 5)
    last = Interrupting()
    tables.write_knowledge(plan, SETTINGS, last)
    assert last.opened["attribution"] == (PROMPTS, PROMPTS)
    assert len(attributed) == len(set(attributed)) == PROMPTS, "none twice"
    found = taken(plan)
    for table in OF_MODEL:
        assert found[table].equals(wanted[table]), table


def test_a_prompt_half_kept_is_attributed_again(
    plan: AtlasPlan,
    wanted: dict[str, pa.Table],
    attributed: list[tuple[int, ...]],
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
    assert len(attributed) == PROMPTS + 1
    assert taken(plan)["attributions"].equals(wanted["attributions"])


def test_work_with_other_settings_is_thrown_away(
    plan: AtlasPlan, wanted: dict[str, pa.Table], attributed: list[tuple[int, ...]]
) -> None:
    interrupted(plan, "attribution", 4)
    del attributed[:]
    tables.write_knowledge(plan, KnowledgeSettings(steps=4), Progress())
    assert len(attributed) == PROMPTS
    assert not taken(plan)["attributions"].equals(wanted["attributions"])


def test_a_run_killed_before_it_tidied_up_leaves_nothing(
    plan: AtlasPlan, wanted: dict[str, pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(work.Work, "finish", lambda _: None)
        tables.write_knowledge(plan, SETTINGS, Progress())
    assert list(plan.lake.folder(plan.model).glob(".work-knowledge-*"))
    asked: list[list[str]] = []
    monkeypatch.setattr(launch, "materialize", lambda _request, _of, names: asked.append(names))
    monkeypatch.setattr(launch.Request, "stale_facts", lambda _: [])
    settings = AtlasSettings.from_json(plan.settings.to_json())
    request = launch.Request(Lake(plan.lake.root), settings, knowledge=SETTINGS)
    launch._run_knowledge(request)
    assert asked == [[CONCEPTS]], "the tables about facts are there"
    assert taken(plan)["attributions"].equals(wanted["attributions"])
