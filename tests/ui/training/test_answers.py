"""The answers of the tab Training against the tables."""

from __future__ import annotations

import shutil
import statistics
from typing import Any

import numpy as np
import pytest

from kn_assets import lake as lakes
from kn_assets.database.database import Database
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.synthetic import add_training
from tests.ui.training.page import FACT, STEPS, at
from ui.pack import unpack
from ui.training import view


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
    found = view.fact(data, "tiny@step512", FACT)
    for step in STEPS:
        errors = [
            r
            for r in trained.read(at(step), "attribution_error").to_pylist()
            if r["fact_id"] == FACT
        ]
        (sums,) = [row["layers"] for row in found["attribution"] if row["step"] == step]
        for layer, value in enumerate(sums):
            wanted = statistics.mean(r["attribution_sum"] for r in errors if r["layer"] == layer)
            assert value == pytest.approx(wanted)
        changed = [
            r
            for r in trained.read(at(step), "interventions").to_pylist()
            if r["fact_id"] == FACT
            and r["kind"] == "suppress"
            and r["condition"] == "knowledge_neurons"
        ]
        (own,) = [
            r
            for r in found["effects"]["fact"]
            if (r["step"], r["kind"], r["condition"]) == (step, "suppress", "knowledge_neurons")
        ]
        before = sum(r["probability_before"] for r in changed)
        after = sum(r["probability_after"] for r in changed)
        each = [r["probability_after"] / r["probability_before"] - 1 for r in changed]
        assert own["relative_change"] == pytest.approx(after / before - 1)
        assert [own["min_change"], own["max_change"]] == pytest.approx([min(each), max(each)])
        steps = [
            r
            for r in trained.read(lakes.model("tiny"), "fact_steps").to_pylist()
            if r["fact_id"] == FACT and r["step"] == step
        ]
        (row,) = [r for r in found["story"] if r["step"] == step]
        assert row["probability"] == pytest.approx(
            statistics.mean(r["probability"] for r in steps), rel=1e-6
        )
        assert row["rank"] == statistics.median(r["rank"] for r in steps)
        assert row["n_correct"] == sum(r["greedy"] for r in steps)
    with pytest.raises(KnError, match="no fact 99999"):
        view.fact(data, "tiny@step512", 99_999)


def test_relations_have_their_intervals(trained: Lake, data: Database) -> None:
    found = view.fact(data, "tiny@step512", FACT)
    for row in found["effects"]["relation"]:
        (wanted,) = [
            r
            for r in trained.read(at(row["step"]), "intervention_effects").to_pylist()
            if r["relation"] == found["fact"]["relation"]
            and (r["kind"], r["condition"]) == (row["kind"], row["condition"])
        ]
        assert (row["relative_change"], row["ci_low"], row["ci_high"]) == (
            wanted["relative_change"],
            wanted["ci_low"],
            wanted["ci_high"],
        )
    final = {
        r["step"] for r in found["effects"]["relation"] if r["condition"] == "final_checkpoint"
    }
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
