"""Tables about a training pass their checks, and a bad value in one is found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from kn_assets import checks, lake
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import STEPS
from kn_assets.synthetic import FINGERPRINT
from tests.checks.spoiling import with_value
from tests.made import add_training


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return add_training(tmp_path_factory.mktemp("trained"), steps=(0, 1, 8))


def place(table: str) -> Partition:
    return lake.model("tiny@step8" if table == "fact_lens" else "tiny")


def failed(found: Lake, table: str) -> set[str]:
    return {o.name for o in checks.run(found, place(table), table) if not o.passed}


@pytest.mark.parametrize("table", sorted(STEPS))
def test_they_pass_and_a_row_told_twice_is_found(trained: Lake, tmp_path: Path, table: str) -> None:
    assert failed(trained, table) == set()
    shutil.copytree(trained.root, tmp_path / "copy")
    copy = Lake(tmp_path / "copy")
    rows = copy.read(place(table), table)
    twice = pa.concat_tables([rows, rows.slice(0, 1)])
    copy.write(place(table), table, twice, FINGERPRINT)
    assert failed(copy, table) == {"keys_unique"}


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("fact_lens", "rank", 0),
        ("fact_steps", "saturation_layer", -1),
        ("fact_steps", "rank", 0),
        ("neuron_steps", "firing_rate", 1.5),
        ("neuron_steps", "final_overlap", 1.5),
        ("layer_steps", "births", -1),
        ("layer_steps", "deaths", -1),
        ("layer_steps", "n_alive", -1),
        ("layer_steps", "mean_final_overlap", -0.5),
        ("neuron_map_steps", "cluster", -2),
    ],
)
def test_a_value_that_cant_be_is_found(
    trained: Lake, tmp_path: Path, table: str, column: str, value: float
) -> None:
    shutil.copytree(trained.root, tmp_path / "copy")
    copy = Lake(tmp_path / "copy")
    spoilt = with_value(column, value)(copy.read(place(table), table))
    copy.write(place(table), table, spoilt, FINGERPRINT)
    assert failed(copy, table) == {"in_range"}
