"""The Dagster side: the graph, blocking checks, partitions, and the same tables as `kn run`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from kn_assets.definitions import defs
from kn_assets.defs.resources import resources
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import ALL, ASKED, ASKED_CIRCUITS, TABLES
from kn_assets.launch.run import run
from kn_assets.training.steps.tables import OVER_STEPS
from tests import small

ROOT = Path(__file__).parents[2]
MADE_BY_RUNS = set(ALL) - set(ASKED) - set(ASKED_CIRCUITS)
"""All tables but those of facts and circuits asked on demand, which the app fills one by one."""


def definitions() -> dg.Definitions:
    return defs()


def assets() -> list[dg.AssetsDefinition]:
    return [a for a in definitions().assets or () if isinstance(a, dg.AssetsDefinition)]


def test_every_table_is_an_asset_with_its_words() -> None:
    specs = {s.key.to_user_string(): s for a in assets() for s in a.specs}
    assert set(specs) == MADE_BY_RUNS
    for name, spec in specs.items():
        assert spec.description == ALL[name].meaning
        assert spec.group_name
        assert "parquet" in spec.kinds
        columns = spec.metadata["dagster/column_schema"].columns
        assert [c.name for c in columns] == ALL[name].names
        partitions = "corpora" if ALL[name].kind == "corpus" else "models"
        if name in OVER_STEPS:
            partitions = "trainings"
        assert spec.partitions_def is not None
        assert spec.partitions_def.name == partitions  # type: ignore[attr-defined]


def test_every_table_is_checked_and_failures_block() -> None:
    checks = [c for a in assets() for c in a.check_specs]
    assert all(c.blocking for c in checks)
    assert {c.asset_key.to_user_string() for c in checks} == MADE_BY_RUNS


def test_the_graph_says_what_stands_on_what() -> None:
    graph = definitions().resolve_asset_graph()
    parents = {
        key.to_user_string(): {p.to_user_string() for p in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    }
    assert parents["pages"] == {"cities"}
    assert parents["prompts"] == {"cities", "pages"}
    assert parents["logit_lens"] == {"prompts"}
    assert "neuron_peaks" in parents["neuron_map"]
    assert parents["fact_lens"] == {"facts", "fact_prompts", "attribution_error"}
    assert parents["fact_steps"] == {"atlases", "facts", "fact_prompts", "fact_lens"}
    assert parents["neuron_steps"] == {"atlases", "neurons", "neuron_top"}
    assert parents["layer_steps"] == {"neuron_steps"}
    assert parents["neuron_map_steps"] == {"atlases", "tokens", "neuron_peaks"}
    assert parents["training_log"] == set()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Lake, Path]:
    """The same atlas twice: by `kn run`, and by materializing all assets through Dagster."""
    folder = tmp_path_factory.mktemp("both")
    os.environ["DAGSTER_HOME"] = str(folder / "dagster")
    request = small.request(folder, "by-run")
    run(request)
    settings = {k: v for k, v in vars(request.atlas).items() if v is not None}
    lake = Lake(folder / "by-dagster")
    with dg.DagsterInstance.ephemeral() as instance:
        for family, key in (("corpora", "cities"), ("models", "tiny")):
            instance.add_dynamic_partitions(family, [key])
            kind = "corpus" if family == "corpora" else "model"
            names = [t.name for t in TABLES.values() if t.kind == kind]
            result = dg.materialize(
                assets(),
                selection=dg.AssetSelection.assets(*names),
                partition_key=key,
                instance=instance,
                resources=resources(str(lake.root), atlas=settings),
            )
            assert result.success
            made = {e.asset_key.to_user_string() for e in result.get_asset_materialization_events()}
            assert made == set(names)
            check_metadata(result)
    return request.lake, lake, folder


def check_metadata(result: dg.ExecuteInProcessResult) -> None:
    for event in result.get_asset_materialization_events():
        metadata = event.materialization.metadata
        assert metadata["dagster/row_count"].value is not None
        assert metadata["preview"].value or event.asset_key.to_user_string() == "pages"
    for evaluation in result.get_asset_check_evaluations():
        assert evaluation.passed, evaluation


def test_dagster_and_kn_run_make_the_same_tables(both: tuple[Lake, Lake, Path]) -> None:
    by_run, by_dagster, _ = both
    for table in TABLES.values():
        key = Partition(table.kind, "cities" if table.kind == "corpus" else "tiny")
        a, b = by_run.read(key, table.name), by_dagster.read(key, table.name)
        if table.name == "atlases":
            a, b = a.drop_columns("created_at"), b.drop_columns("created_at")
        assert a.equals(b), table.name


def test_dagster_writes_the_views_when_its_run_is_over(both: tuple[Lake, Lake, Path]) -> None:
    _, lake, _ = both
    notes = [note.stat().st_mtime_ns for note in lake.root.glob("*/*/*/_table.json")]
    assert len(notes) == len(TABLES)
    assert lake.database.stat().st_mtime_ns >= max(notes)
    with duckdb.connect(str(lake.database), read_only=True) as opened:
        for table in TABLES:
            key = Partition(
                TABLES[table].kind, "cities" if TABLES[table].kind == "corpus" else "tiny"
            )
            assert opened.sql(f"SELECT count(*) FROM {table}").fetchall() == [
                (lake.read(key, table).num_rows,)
            ]


def test_materializing_again_replaces(both: tuple[Lake, Lake, Path]) -> None:
    _, lake, folder = both
    key = Partition("model", "tiny")
    before = lake.read(key, "neuron_map")
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("models", ["tiny"])
        result = dg.materialize(
            assets(),
            selection=dg.AssetSelection.assets("neuron_map"),
            partition_key="tiny",
            instance=instance,
            resources=resources(str(lake.root)),  # settings as the atlas was made
        )
    assert result.success
    assert lake.read(key, "neuron_map").equals(before), "maps are equal on a second run"
    assert len(lake.files(key, "neuron_map")) == 1
    assert folder.exists()


def test_a_failed_check_blocks_what_stands_on_it(
    both: tuple[Lake, Lake, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kn_assets.corpora import geonames, own_file

    def doubled(cities: object) -> object:
        import pyarrow as pa

        table = own_file.read(small.corpus_file(tmp_path))[1]
        return pa.concat_tables([table, table])  # every prompt_id twice

    monkeypatch.setattr(geonames, "prompts", doubled)
    lake = Lake(tmp_path / "lake")
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("corpora", ["geonames"])
        result = dg.materialize(
            assets(),
            selection=dg.AssetSelection.assets("cities", "pages", "prompts"),
            partition_key="geonames",
            instance=instance,
            resources=resources(str(lake.root)),
            raise_on_error=False,
        )
    failed = {e.check_name for e in result.get_asset_check_evaluations() if not e.passed}
    assert "keys_unique" in failed
    assert not result.success


@pytest.mark.parametrize(
    "command",
    [["dg", "check", "defs"], ["dagster", "definitions", "validate", "-w", "workspace.yaml"]],
)
def test_dagsters_own_commands_accept_the_definitions(command: list[str]) -> None:
    scripts = Path(sys.executable).parent
    tool = shutil.which(command[0], path=str(scripts))
    assert tool
    env = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [tool, *command[1:]], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
