"""Where an atlas' settings come from: what was given, how it was made, the defaults."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import dagster as dg
import pytest

from kn_assets.atlas.extract import extract
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.definitions import defs
from kn_assets.defs.resources import resources
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.launch.request import Request
from kn_assets.launch.run import materialize
from kn_assets.progress import Progress
from tests import small


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    """An atlas whose row and tokens are there, by the library alone."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    request = small.request(tmp_path, limit=5, dtype="auto", density=0.2)
    request.corpus.make(request.corpus.tables, Progress())
    extract(request.plan, ["atlases", "tokens"], Progress())
    return request


def test_an_atlas_is_planned_as_it_was_made(made: Request) -> None:
    assert AtlasPlan.of(made.lake, "tiny").settings == made.atlas
    assert AtlasPlan.of(made.lake, "tiny", limit=3).settings == made.atlas.with_given(limit=3)
    assert AtlasPlan.of(made.lake, "gpt2").settings == AtlasSettings()
    with pytest.raises(KnError, match="the atlas of gpt2 is gpt2, not tiny"):
        AtlasPlan.of(made.lake, "tiny", model="gpt2")
    assert not list(made.lake.folder(made.plan.model).glob("*.json"))


@pytest.mark.parametrize("dtype", ["auto", "float32"])
def test_an_older_atlas_is_planned_by_its_row(made: Request, dtype: str) -> None:
    """Its row says what `auto` came to; the fingerprint, that it was `auto`."""
    plan = AtlasPlan(made.lake, made.atlas.with_given(dtype=dtype))
    extract(plan, ["atlases"], Progress())
    note = made.lake.table(plan.model, "atlases") / "_table.json"
    older = {k: v for k, v in json.loads(note.read_text()).items() if k != "settings"}
    note.write_text(json.dumps(older))
    found = AtlasPlan.of(made.lake, "tiny")
    assert found.settings == plan.settings
    found.check_same()


def launched(lake: Lake, tables: list[str], **settings: object) -> AtlasPlan:
    """Materialize tables as Dagster's own page does, with what its launchpad was given."""
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("models", ["tiny"])
        result = dg.materialize(
            [a for a in defs().assets or () if isinstance(a, dg.AssetsDefinition)],
            selection=dg.AssetSelection.assets(*tables),
            partition_key="tiny",
            instance=instance,
            resources=resources(str(lake.root), atlas=settings),
        )
    assert result.success
    return AtlasPlan.of(lake, "tiny")


def test_a_partition_launched_by_hand_takes_what_is_not_set_from_the_atlas(made: Request) -> None:
    plan = launched(made.lake, ["thresholds"])
    assert plan.settings == made.atlas
    assert made.lake.read(plan.model, "thresholds")["target_density"][0].as_py() == 0.2
    launched(made.lake, ["atlases", "thresholds"], density=0.3)
    assert AtlasPlan.of(made.lake, "tiny").settings == made.atlas.with_given(density=0.3)
    assert made.lake.read(plan.model, "thresholds")["target_density"][0].as_py() == 0.3


def test_a_run_takes_nothing_from_the_atlas_that_was_there(made: Request) -> None:
    """A limit that isn't given is none, though the atlas was made with one."""
    all_of_them = AtlasSettings(**{**asdict(made.atlas), "limit": None})
    request = Request(made.lake, all_of_them)
    materialize(request, request.plan.model, ["atlases"])
    assert AtlasPlan.of(made.lake, "tiny").settings == all_of_them
    (row,) = made.lake.read(request.plan.model, "atlases").to_pylist()
    assert row["n_prompts"] == 24
