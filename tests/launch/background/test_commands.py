"""The commands that the queue runs are `kn`'s own, made out of the lake's notes alone."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pytest

from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.cli.parser import _parser
from kn_assets.errors import KnError
from kn_assets.knowledge import fact_files
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.lake import Lake, model
from kn_assets.lake.schema import ALL
from kn_assets.launch.background import LIMIT, wishes
from kn_assets.launch.background.demo import FIRST, demo
from kn_assets.launch.background.training import SETTINGS, training
from kn_assets.launch.background.wishes import Wish, steps
from kn_assets.training.settings import TrainSettings
from kn_assets.training.steps.tables import StepsPlan
from tests.made import make_lake


def made(root: Path, key: str) -> Lake:
    """An atlas of a corpus that needn't be fetched."""
    lake = make_lake(root, key, "geonames", n_prompts=3, n_layers=2, n_neurons=8, n_tokens=6)
    lake.note(model(key), "atlases", {"settings": {"corpus": "geonames", "model": key}})
    return lake


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A plain atlas, a step alone, and two of one training."""
    root = tmp_path_factory.mktemp("wished")
    made(root, "plain")
    for name in ("alone@step10", "run@step20"):
        made(root, name)
    return made(root, "run@step10")


def test_each_command_of_the_demo_is_one_that_kn_takes() -> None:
    made = demo()
    names = [step.name for step in made]
    assert len(set(names)) == len(names)
    for i, step in enumerate(made):
        args = _parser(list(step.command)).parse_args(list(step.command))
        assert args.call.__module__ == "kn_assets.cli.commands"
        assert set(step.needs) <= set(names[:i])
        assert step.seconds > 0
    first = _parser([]).parse_args(made[0].command)
    assert first.lens == "lazy"
    assert first.limit == LIMIT
    assert set(first.only) == set(FIRST) >= {"tokens", "activations", "neurons", "attention"}
    assert [s.name for s in demo(lens="lazy")] == [n for n in names if n != "lens"]
    assert {_parser([]).parse_args(s.command).limit for s in demo(7) if s.what == "atlas"} == {7}


def test_the_training_of_the_demo_is_one_run_in_legs() -> None:
    made = [_parser([]).parse_args(step.command) for step in training("training", "")]
    legs = [args for args in made if args.call.__name__ == "train"]
    assert len({TrainSettings().with_given(**vars(args)) for args in legs}) == 1
    assert TrainSettings().with_given(**vars(legs[0])).checked() == SETTINGS
    until = [args.until for args in legs]
    assert until == sorted(until)
    assert set(until) < set(SETTINGS.checkpoint_steps())
    assert until[-1] == SETTINGS.steps
    others = [args for args in made if args not in legs]
    assert {(a.model, a.steps_of, a.limit) for a in others} == {(SETTINGS.name, "all", 300)}
    assert others[-2].with_knowledge
    assert others[-1].with_circuits


def test_circuits_are_wished_for_of_an_atlas_or_of_all_its_steps(lake: Lake) -> None:
    (step,) = steps(lake, Wish("circuits", "plain"))
    args = _parser([]).parse_args(step.command)
    assert (args.model, args.steps_of, args.known, args.with_circuits) == ("plain", None, 2, True)
    assert not step.made(lake)
    (step,) = steps(lake, Wish("circuits", "run@step10"))
    args = _parser([]).parse_args(step.command)
    assert (args.model, args.steps_of) == ("run", "10,20")


def test_a_wish_is_made_by_the_settings_of_its_atlas(lake: Lake) -> None:
    (step,) = steps(lake, Wish("knowledge", "plain"))
    args = _parser([]).parse_args(step.command)
    assert (args.model, args.steps_of) == ("plain", None)
    assert step.made(lake)
    shutil.rmtree(lake.folder(model("plain")) / "knowledge_neurons")
    assert not step.made(lake)
    (step,) = steps(lake, Wish("atlas", "alone@step10"))
    args = _parser([]).parse_args(step.command)
    assert (args.model, args.steps_of) == ("alone@step10", None)


def test_a_wish_for_a_step_is_for_the_steps_that_the_lake_has(lake: Lake) -> None:
    (step,) = steps(lake, Wish("atlas", "run@step10"))
    args = _parser([]).parse_args(step.command)
    assert (args.model, args.steps_of) == ("run", "10,20")
    assert not step.made(lake)
    root = lake.root / "over"
    made(root, "run@step10")
    other = made(root, "run@step20")
    found = wishes._over_steps("run")
    assert not found(other)
    plan = StepsPlan(other, "run")
    assert plan.lacking("fact_steps")
    wanted = [t for t in plan.tables if t not in ("training_log", "fact_steps")]
    for table in wanted:
        columns = {f.name: [] for f in ALL[table].schema}
        other.write(plan.model, table, pa.table(columns, ALL[table].schema), "made")
    assert found(other)


def test_the_facts_of_a_file_are_asked_again_by_its_settings(tmp_path: Path) -> None:
    lake = made(tmp_path / "lake", "one")
    made(lake.root, "other")
    file = tmp_path / "mine.csv"
    file.write_text("subject,object,prompt\nKabul,Afghanistan,Kabul is in\n")
    corpus = AtlasPlan.of(lake, "one").corpus
    lake.note(corpus, "facts", {"fingerprint": f"5 of file {fact_files.fingerprint(file)}"})
    asked = {**asdict(KnowledgeSettings(fact_file=str(file))), "known": 3}
    lake.note(model("one"), "fact_answers", {"settings": asked})
    for key, known in (("one", 3), ("other", None)):
        (step,) = steps(lake, Wish("knowledge", key))
        args = _parser([]).parse_args(step.command)
        assert (args.fact_file, args.known, args.facts) == (str(file), known, None)
    file.write_text("subject,object,prompt\nKabul,Asia,Kabul is in\n")
    with pytest.raises(KnError, match="--fact-file"):
        steps(lake, Wish("knowledge", "other"))


def test_wikipedia_is_not_asked_by_a_wish(tmp_path: Path) -> None:
    with pytest.raises(KnError, match="Wikipedia"):
        wishes._check_corpus(Lake(tmp_path), AtlasSettings(corpus="wikipedia"))


@pytest.mark.parametrize(
    ("what", "key"),
    [("atlas", "nothing"), ("knowledge", "plain --force"), ("rm", "plain"), ("atlas", "../plain")],
)
def test_nothing_else_can_be_wished_for(lake: Lake, what: str, key: str) -> None:
    with pytest.raises(KnError, match=r"no atlas|nothing called"):
        steps(lake, Wish(what, key))
