"""The tables about a training as Dagster assets: the same as `kn knowledge` makes."""

from __future__ import annotations

import shutil
from pathlib import Path

import dagster as dg
import pytest

from kn_assets import lake as lakes
from kn_assets.definitions import defs
from kn_assets.defs.resources import resources
from kn_assets.lake import Lake
from kn_assets.lake.schema import STEPS
from kn_assets.training.steps.tables import OVER_STEPS
from tests.training.steps.trained import STEPS_KEPT, at

HERE = lakes.model("geo")


def materialize(
    lake: Lake, instance: dg.DagsterInstance, family: str, key: str, *tables: str
) -> dg.ExecuteInProcessResult:
    instance.add_dynamic_partitions(family, [key])
    return dg.materialize(
        [a for a in defs().assets or () if isinstance(a, dg.AssetsDefinition)],
        selection=dg.AssetSelection.assets(*tables),
        partition_key=key,
        instance=instance,
        resources=resources(
            str(lake.root), knowledge={"facts": 12, "known": 3, "like": at(60).key}
        ),
        raise_on_error=False,
    )


def test_materializing_makes_the_tables_that_kn_knowledge_makes(made: Lake, tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    for name in ("atlas", "corpus"):
        shutil.copytree(made.root / name, lake.root / name)
    lake.models.mkdir()
    (lake.models / "geo").symlink_to(made.models / "geo")
    shutil.rmtree(lake.folder(HERE))
    for step in STEPS_KEPT:
        lake.remove(at(step), "fact_lens")
    parts = [at(step) for step in STEPS_KEPT[:-1]]
    for part in parts:
        lake.remove(part, "neuron_map")
    with dg.DagsterInstance.ephemeral() as instance:
        done = [
            *(materialize(lake, instance, "models", at(s).key, "fact_lens") for s in STEPS_KEPT),
            materialize(lake, instance, "trainings", "geo", *OVER_STEPS),
        ]
        told = {
            e.asset_materialization.partition
            for e in instance.fetch_materializations(dg.AssetKey("neuron_map"), limit=10).records
            if e.asset_materialization
        }
    assert told == {part.key for part in parts}, "parts are told as materializations"
    made_here: set[str] = set()
    for result in done:
        assert result.success
        assert all(e.passed for e in result.get_asset_check_evaluations())
        events = {
            event.materialization.asset_key.to_user_string(): event.materialization.metadata
            for event in result.get_asset_materialization_events()
        }
        made_here |= events.keys()
        assert events.keys() & STEPS.keys()
        for table in events.keys() & STEPS.keys():
            assert events[table]["dagster/row_count"].value
            assert events[table]["preview"].value
            assert "data:image/png" in str(events[table]["plot"].value)
    assert made_here == {*STEPS, "neuron_map"}
    wanted = [(at(step), "fact_lens") for step in STEPS_KEPT]
    wanted += [(HERE, table) for table in OVER_STEPS] + [(part, "neuron_map") for part in parts]
    for partition, table in wanted:
        (mine,), (theirs,) = lake.files(partition, table), made.files(partition, table)
        assert mine.read_bytes() == theirs.read_bytes(), (partition, table)
        notes = [x.meta(partition, table) for x in (lake, made)]
        assert notes[0]["fingerprint"] == notes[1]["fingerprint"]  # type: ignore[index]


def test_the_launcher_shows_them_in_dagster(made: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with the partition that the lake has it under, in the instance of `kn knowledge`."""
    monkeypatch.setenv("DAGSTER_HOME", str(made.root / "dagster"))
    with dg.DagsterInstance.get() as instance:
        assert set(instance.get_dynamic_partitions("trainings")) == {"geo"}
        for table in STEPS:
            found = instance.get_materialized_partitions(dg.AssetKey(table))
            wanted = {at(s).key for s in STEPS_KEPT} if table == "fact_lens" else {"geo"}
            assert found == wanted, table


@pytest.mark.parametrize(
    ("table", "word"),
    [("training_log", "wasn't trained in this lake"), ("neuron_steps", "two at least are needed")],
)
def test_what_cant_be_made_says_why(tmp_path: Path, table: str, word: str) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = materialize(Lake(tmp_path), instance, "trainings", "nothing", table)
        assert not result.success
        (failed,) = [e for e in result.all_events if e.event_type_value == "STEP_FAILURE"]
    assert word in str(failed.event_specific_data)
