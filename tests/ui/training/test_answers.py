"""The answers of the tab Training against the tables."""

from __future__ import annotations

import operator
import shutil
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from kn_assets import lake as lakes
from kn_assets.database.database import Database
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from tests.made import add_training
from tests.ui.training.page import FACT, STEPS, at
from ui.knowledge.view import facts
from ui.pack import unpack
from ui.rows import atlases, rows
from ui.training import story, view


def test_an_atlas_tells_its_step(data: Database) -> None:
    told = {atlas["model"]: atlas["step"] for atlas in atlases(data)}
    assert told == {"plain": None, **{f"tiny@step{step}": step for step in STEPS}}


def test_the_steps_come_in_order_with_births_and_deaths(trained: Lake, data: Database) -> None:
    found = view.training(data, "tiny@step1")
    assert found["steps"] == list(STEPS)
    assert found["models"] == [f"tiny@step{step}" for step in STEPS]
    assert found["missing"] == {}
    table = trained.read(lakes.model("tiny"), "layer_steps").to_pylist()
    for row in table:
        step = STEPS.index(row["step"])
        for name in ("n_alive", "births", "deaths", "mean_final_overlap"):
            assert found["layers"][name][row["layer"]][step] == row[name]
    assert len(table) == len(STEPS) * len(found["layers"]["births"])
    assert [births[0] for births in found["layers"]["births"]] == [None] * 4


def test_a_fact_is_told_as_the_tables_do(trained: Lake, data: Database) -> None:
    found = story.fact(data, "tiny@step64", FACT)
    assert found["attributed"] == list(STEPS)
    steps = [
        r
        for r in trained.read(lakes.model("tiny"), "fact_steps").to_pylist()
        if r["fact_id"] == FACT
    ]
    names = ("step", "prompt", "trained", "probability", "rank", "greedy", "saturation_layer")
    told = [{name: r[name] for name in names} for r in found["prompts"]]
    wanted = [{name: r[name] for name in names} for r in steps]
    key = operator.itemgetter("prompt", "step")
    assert told == sorted(wanted, key=key)
    for step in STEPS:
        for row in trained.read(at(step), "fact_effects").to_pylist():
            if row["fact_id"] != FACT:
                continue
            (got,) = [
                r
                for r in found["effects"]
                if all(r[k] == v for k, v in (("step", step), ("kind", row["kind"])))
                and r["condition"] == row["condition"]
            ]
            assert all(got[name] == row[name] for name in ("log_odds", "ci_low", "ci_high"))
    judged = [r for r in trained.read(at(512), "verdicts").to_pylist() if r["fact_id"] == FACT]
    assert {(v["kind"], v["claim"], v["verdict"], v["sentence"]) for v in found["verdicts"]} == {
        (v["kind"], v["claim"], v["verdict"], v["sentence"]) for v in judged
    }
    own = {
        (r["layer"], r["neuron"])
        for r in trained.read(at(512), "knowledge_neurons").to_pylist()
        if r["fact_id"] == FACT
    }
    for fact in found["near"]:
        theirs = {
            (r["layer"], r["neuron"])
            for r in trained.read(at(512), "knowledge_neurons").to_pylist()
            if r["fact_id"] == fact["fact_id"]
        }
        assert fact["n_shared"] == len(own & theirs)
    assert {f["subject"] for f in found["near"]} & {found["fact"]["subject"]}
    sharing = Counter(
        r["fact_id"]
        for r in trained.read(at(512), "knowledge_neurons").to_pylist()
        if r["fact_id"] != FACT and (r["layer"], r["neuron"]) in own
    )
    most = sorted(sharing.items(), key=lambda item: (-item[1], item[0]))[:3]
    assert [(f["fact_id"], f["n_shared"]) for f in found["sharing"]] == most
    assert most
    assert found["command"] == "kn knowledge --corpus made --model tiny --steps-of all"
    with pytest.raises(KnError, match="no fact 99999"):
        story.fact(data, "tiny@step512", 99_999)


def test_the_log_of_the_training_comes_along(trained: Lake, data: Database) -> None:
    log = trained.read(lakes.model("tiny"), "training_log").to_pylist()
    names = ("step", "loss", "known_trained", "known_held_out", "n_facts")
    found = view.training(data, "tiny@step1")["log"]
    assert found == [{name: row[name] for name in names} for row in log]


def test_relations_have_their_intervals(trained: Lake, data: Database) -> None:
    found = rows(data, "FROM relation_effects_by_step('tiny@step512', 'city-country')")
    for row in found:
        (wanted,) = [
            r
            for r in trained.read(at(row["step"]), "intervention_effects").to_pylist()
            if r["relation"] == "city-country"
            and (r["kind"], r["condition"]) == (row["kind"], row["condition"])
        ]
        assert (row["relative_change"], row["ci_low"], row["ci_high"]) == (
            wanted["relative_change"],
            wanted["ci_low"],
            wanted["ci_high"],
        )
    final = {r["step"] for r in found if r["condition"] == "final_checkpoint"}
    assert final == set(STEPS[:-1])


def test_places_of_all_steps_share_one_square(trained: Lake, data: Database) -> None:
    table = trained.read(lakes.model("tiny"), "neuron_map_steps").to_pandas()
    width, height = np.ptp(table["x"]), np.ptp(table["y"])
    size = max(width, height)
    left = table["x"].min() - (size - width) / 2
    top = table["y"].min() - (size - height) / 2
    for step in (STEPS[0], STEPS[-1]):
        found = view.places(data, "tiny", step)
        own = table[table["step"] == step].set_index(["layer", "neuron"])
        ids = list(
            zip(
                unpack(found["layer"]).tolist(),
                unpack(found["neuron"]).tolist(),
                strict=True,
            )
        )
        assert len(ids) == len(own) == found["n"]
        for axis, start in (("x", left), ("y", top)):
            wanted = own.loc[ids][axis].to_numpy()
            got = unpack(found[axis]) / 65535 * size + start
            assert np.abs(got - wanted).max() <= size / 65535
    with pytest.raises(KnError, match="no map of step 5"):
        view.places(data, "tiny", 5)


def test_neurons_that_fire_at_no_token_of_a_step_have_no_place_there(tmp_path: Any) -> None:
    """Though they are the last ones: all others keep their place in the list of neurons."""
    lake = add_training(tmp_path, steps=(0, 4))
    where = lakes.model("tiny")
    held = lake.read(where, "neuron_map_steps")
    rows = held.to_pylist()
    n = len(rows) // 2
    for row in rows[n - 3 : n]:
        row["x"] = row["y"] = None
    lake.write(where, "neuron_map_steps", pa.Table.from_pylist(rows, schema=held.schema), "made")
    data = Database(lake)
    first, second = (view.places(data, f"tiny@step{step}", step) for step in (0, 4))
    assert (first["n"], first["silent"]) == (n - 3, 3)
    assert (second["n"], second["silent"]) == (n, 0)
    assert "not_finite" not in first
    for name in ("n_layers", "n_neurons"):
        assert first[name] == second[name]
    assert first["n_layers"] * first["n_neurons"] == n
    data.close()


def test_what_is_missing_is_named_with_its_command(tmp_path: Any) -> None:
    lake = add_training(tmp_path, steps=(0, 4))
    for place, tables in (
        (lakes.model("tiny"), ("neuron_map_steps", "layer_steps")),
        (at(0), ("interventions",)),
    ):
        for table in tables:
            shutil.rmtree(lake.folder(place) / table)
    database = Database(lake)
    found = view.training(database, "tiny@step4")
    database.close()
    assert set(found["missing"]) == {"map", "layers", "knowledge"}
    assert found["layers"] is None
    assert "kn run --corpus made --model tiny --steps-of all" in found["missing"]["map"]
    assert "Step 0 has no table `interventions`" in found["missing"]["knowledge"]
    assert "kn knowledge --corpus made --model tiny --steps-of all" in found["missing"]["knowledge"]


def test_a_model_of_one_moment_names_those_with_steps(data: Database) -> None:
    found = view.training(data, "plain")
    assert found["steps"] == []
    assert found["others"] == ["tiny@step512"]


def test_facts_are_narrowed_by_the_step_at_which_they_were_learned(data: Database) -> None:
    milestones = {r["fact_id"]: r for r in rows(data, "FROM fact_milestones('tiny')")}
    every = facts(data, "tiny@step512", "", 0, 500)
    at = {(-1 if m["forgotten"] is not None else m["stable"]) for m in milestones.values()}
    assert every["learned_at"] == sorted(step for step in at if step is not None)
    for step in every["learned_at"]:
        found = facts(data, "tiny@step512", "", 0, 500, learned=step)
        wanted = {
            fact
            for fact, m in milestones.items()
            if (m["forgotten"] is not None if step < 0 else m["stable"] == step)
        }
        assert {r["fact_id"] for r in found["rows"]} == wanted
        for row in found["rows"]:
            assert row["stable"] == milestones[row["fact_id"]]["stable"]
