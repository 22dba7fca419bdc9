"""A small model trained on a few cities, and all that is told of its steps, by one request."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kn_assets import lake as lakes
from kn_assets.cli.doctor import examine
from kn_assets.corpora import geonames
from kn_assets.errors import KnError
from kn_assets.knowledge.facts import from_cities
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.knowledge.tables import OF_MODEL
from kn_assets.lake import Lake
from kn_assets.lake.schema import ATLAS_TABLES, STEPS
from kn_assets.launch.request import Request
from kn_assets.launch.steps import requests, run_steps
from kn_assets.training.text import trained
from tests.training.steps.trained import CITIES, STEPS_KEPT, TRAINED, Told, at


def test_nothing_is_made_twice(made: Lake, world: Callable[[], list[Request]]) -> None:
    assert not run_steps(world(), Told())


def test_every_step_has_its_tables(made: Lake) -> None:
    for step in STEPS_KEPT:
        for table in (*OF_MODEL, "neuron_concepts", "fact_lens", "neuron_map"):
            assert made.meta(at(step), table), (step, table)
    assert all(made.meta(at(60), table) for table in ATLAS_TABLES)
    for table in set(STEPS) - {"fact_lens"}:
        assert made.meta(lakes.model("geo"), table), table
    whole = made.read(lakes.model("geo"), "neuron_map_steps").to_pylist()
    mine = [{k: v for k, v in r.items() if k != "step"} for r in whole if r["step"] == 1]
    assert made.read(at(1), "neuron_map").to_pylist() == mine


def told_by_doctor(lake: Lake) -> dict[str, tuple[bool, str]]:
    """What is told of atlases and trainings, by its first words."""
    found = {}
    for finding in examine(lake):
        name, _, rest = finding.what.partition(": ")
        if name.startswith(("atlas", "training")):
            found[name] = (finding.well, f"{rest}; {finding.advice}")
    return found


def test_doctor_misses_what_is_missing_alone(made: Lake, tmp_path: Path) -> None:
    told = told_by_doctor(made)
    assert all(well for well, _ in told.values()), told
    assert told["training of geo"][1].startswith("3 steps, 5 of 5 tables over them")
    assert told["atlas geo@step60"][1].startswith("19 of 19")
    assert told["atlas geo@step0"][1].startswith("16 of 16")
    lake = Lake(tmp_path)
    for name in ("atlas", "corpus"):
        shutil.copytree(made.root / name, lake.root / name)
    lake.remove(at(1), "fact_lens")
    lake.remove(at(0), "neurons")
    lake.remove(lakes.model("geo"), "neuron_map_steps")
    told = told_by_doctor(lake)
    assert {name for name, (well, _) in told.items() if not well} == {
        "atlas geo@step0",
        "training of geo",
    }
    assert "neurons missing" in told["atlas geo@step0"][1]
    for table in ("neuron_steps", "layer_steps", "fact_steps", "neuron_map_steps"):
        assert table in told["training of geo"][1], table


def test_all_steps_are_of_the_facts_that_the_last_one_knows(made: Lake) -> None:
    right: dict[int, list[bool]] = {}
    for r in made.read(at(60), "fact_answers").to_pylist():
        right.setdefault(r["fact_id"], []).append(r["greedy"])
    attributed = set(made.read(at(60), "attribution_error")["fact_id"].to_pylist())
    assert len(attributed) > 3
    assert all(2 * sum(right[fact]) >= len(right[fact]) for fact in attributed)
    held = made.read(at(60), "knowledge_neurons").to_pylist()
    for step in STEPS_KEPT[:-1]:
        assert set(made.read(at(step), "attribution_error")["fact_id"].to_pylist()) == attributed
        changed = made.read(at(step), "interventions").to_pylist()
        later = {
            r["fact_id"]: r["n_neurons"] for r in changed if r["condition"] == "final_checkpoint"
        }
        assert later == {
            fact: sum(h["fact_id"] == fact for h in held) for fact in {h["fact_id"] for h in held}
        }
        known = made.read(at(step), "fact_answers")["greedy"].to_numpy(zero_copy_only=False)
        assert known.mean() < 0.5, "it was still to learn them"
    assert "final_checkpoint" not in made.read(at(60), "interventions")["condition"].to_pylist()


def test_a_facts_own_neurons_matter_most(made: Lake) -> None:
    effect = {
        e["condition"]: e
        for e in made.read(at(60), "intervention_effects").to_pylist()
        if (e["relation"], e["kind"]) == ("all", "suppress")
    }
    for control in ("random", "activation_matched", "other_fact"):
        change = effect[control]["relative_change"]
        assert effect["knowledge_neurons"]["relative_change"] < change, control
    assert effect["knowledge_neurons"]["ci_high"] < effect["random"]["ci_low"], "intervals apart"


def test_which_wordings_were_told(made: Lake) -> None:
    """By the sentences themselves: those of the cities and prompts that training used."""
    told = {
        (f.relation, f.subject, n)
        for f in from_cities(geonames.cities().slice(0, CITIES))
        for n in trained(f)
    }
    corpus = lakes.corpus("cities")
    of = {r["fact_id"]: r for r in made.read(corpus, "facts").to_pylist()}
    rows = made.read(lakes.model("geo"), "fact_steps").to_pylist()
    for r in rows:
        fact = of[r["fact_id"]]
        key = (fact["relation"], fact["subject"], r["prompt"])
        assert r["trained"] == (key in told), key
    subjects = {of[r["fact_id"]]["subject"] for r in rows if r["trained"] is False}
    assert {r["trained"] for r in rows} == {True, False} and len(subjects) > CITIES


def test_the_log_is_the_runs(made: Lake) -> None:
    file = made.models / "geo" / "training.jsonl"
    wanted = [json.loads(line) for line in file.read_text().splitlines()]
    found = made.read(lakes.model("geo"), "training_log").to_pylist()
    assert [{k: v for k, v in r.items() if v is not None} for r in found] == [
        {k: v for k, v in r.items() if v is not None} for r in wanted
    ]


def test_a_model_that_knows_nothing_has_its_steps_all_the_same(
    world: Callable[[], list[Request]], tmp_path: Path
) -> None:
    given = world()
    lake = Lake(tmp_path / "lake")
    (lake.models / "geo").mkdir(parents=True)
    for step in (0, 1):
        (lake.models / "geo" / f"step{step}").symlink_to(given[0].lake.models / f"geo/step{step}")
    (lake.models / "geo" / "training.json").write_text(TRAINED.to_json())
    told = Told()
    atlas = given[0].atlas.with_given(model="geo")
    only = ("tokens", "neurons", "neuron_top", "neuron_peaks")
    found = requests(lake, atlas, "all", only=only, knowledge=KnowledgeSettings(facts=4))
    assert run_steps(found, told)
    note, answers = lake.meta(at(1), "fact_answers"), lake.read(at(1), "fact_answers")
    assert note is not None
    assert note["facts_asked"] == len(set(answers["fact_id"].to_pylist())) > 0
    assert note["facts_known"] == 0
    assert not any(answers["greedy"].to_pylist())
    assert set(lake.read(lakes.model("geo"), "fact_steps")["step"].to_pylist()) == {0, 1}
    assert lake.read(at(1), "interventions").num_rows == 0


def test_where_no_step_can_be_made_its_reason_is_told(
    world: Callable[[], list[Request]], tmp_path: Path
) -> None:
    (tmp_path / "run" / "step3").mkdir(parents=True)
    (tmp_path / "run" / "step3" / "config.json").write_text("{}")
    atlas = world()[0].atlas.with_given(model=str(tmp_path / "run"))
    with pytest.raises(KnError, match="step3 holds no weights: put them back"):
        run_steps(requests(Lake(tmp_path / "lake"), atlas), Told())
