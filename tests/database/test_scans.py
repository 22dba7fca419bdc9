"""Looking into one model's folder and one file gives what looking everywhere gives."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kn_assets import lake as lakes
from kn_assets.database import database
from kn_assets.database.database import Database
from kn_assets.database.parts import BY_LAYER, BY_PROMPT
from kn_assets.database.scans import BY_OPENED
from kn_assets.lake import Lake
from kn_assets.lake.schema import ALL
from kn_assets.synthetic.fired import SHARD
from kn_assets.synthetic.large import make_large_lake
from tests.made import make_lake

PROMPTS = 2 * SHARD + 40
SHAPE = {"n_prompts": PROMPTS, "n_layers": 3, "n_neurons": 30, "n_tokens": 8, "n_vocabulary": 60}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """An atlas in parts and layers, and one whose tables are one file each."""
    root = tmp_path_factory.mktemp("lake")
    make_large_lake(root, "large", **SHAPE, density=0.05)
    return make_lake(root, "tiny", "other")


@pytest.fixture(scope="module")
def connection(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    with database.connect(lake) as opened:
        yield opened


@pytest.fixture(scope="module")
def named(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """As an application asks, with constants: files are named."""
    with database.connect(lake, named=True) as opened:
        yield opened


@pytest.fixture(params=["picked", "named"])
def either(
    request: pytest.FixtureRequest,
    connection: duckdb.DuckDBPyConnection,
    named: duckdb.DuckDBPyConnection,
) -> Any:
    return connection if request.param == "picked" else named


def ask(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    return connection.execute(sql).fetchall()


def files_read(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    (text,) = (row[1] for row in ask(connection, f"EXPLAIN ANALYZE {sql}"))
    return [int(n) for n in re.findall(r"Total Files Read: (\d+)", text)]


def test_a_large_atlas_lies_in_parts_and_layers(lake: Lake) -> None:
    where = lakes.model("large")
    for name in BY_PROMPT:
        assert [f.name for f in lake.files(where, name)] == [
            f"part-{i:05}.parquet" for i in range(3)
        ]
    for name in BY_LAYER:
        assert [f.name for f in lake.files(where, name)] == [
            f"layer-{i:03}.parquet" for i in range(3)
        ]


@pytest.mark.parametrize("name", sorted(BY_PROMPT))
def test_a_prompts_rows_are_those_of_the_view(
    connection: duckdb.DuckDBPyConnection, either: duckdb.DuckDBPyConnection, name: str
) -> None:
    assert ask(either, f"FROM lake.{name}_of('large', 0)")
    for model, prompts in {
        "large": (0, SHARD - 1, SHARD, 2 * SHARD, PROMPTS - 1, PROMPTS, -1),
        "tiny": (0, 11, 12),
        "nobody": (0,),
    }.items():
        for prompt in prompts:
            found = ask(either, f"FROM lake.{name}_of('{model}', {prompt}) ORDER BY ALL")
            wanted = f"FROM lake.{name} WHERE model = '{model}' AND prompt_id = {prompt}"
            assert found == ask(connection, f"{wanted} ORDER BY ALL")
            assert bool(found) == (0 <= prompt < {"large": PROMPTS, "tiny": 12}.get(model, 0))


@pytest.mark.parametrize("name", sorted(BY_LAYER))
def test_a_layers_rows_are_those_of_the_view(
    connection: duckdb.DuckDBPyConnection, either: duckdb.DuckDBPyConnection, name: str
) -> None:
    for model, layer in (
        ("large", 0),
        ("large", 2),
        ("large", 3),
        ("large", -1),
        ("tiny", 1),
        ("nobody", 0),
    ):
        found = ask(either, f"FROM lake.{name}_of('{model}', {layer}) ORDER BY ALL")
        wanted = f"FROM lake.{name} WHERE model = '{model}' AND layer = {layer} ORDER BY ALL"
        assert found == ask(connection, wanted)
        assert bool(found) == (0 <= layer < 3 and model != "nobody")


def test_the_other_tables_of_a_model_are_those_of_their_views(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    of_models = {t.name for t in ALL.values() if t.kind == "model"}
    rest = of_models - {*BY_LAYER, *BY_PROMPT, *BY_OPENED}
    assert rest
    for name in sorted(rest):
        found = ask(connection, f"SELECT count(*), sum(hash(t)) FROM lake.{name}_of('tiny') t")
        wanted = f"SELECT count(*), sum(hash(t)) FROM lake.{name} t WHERE model = 'tiny'"
        assert found == ask(connection, wanted), name


def test_a_prompt_or_layer_that_is_null_has_no_rows(either: duckdb.DuckDBPyConnection) -> None:
    for macro in (
        "heatmap('large', NULL)",
        "lens('large', NULL)",
        "neuron_ranks('large', NULL, 3)",
    ):
        assert ask(either, f"FROM {macro}") == []


def test_what_is_asked_may_be_a_parameter(named: duckdb.DuckDBPyConnection) -> None:
    for prompt in (0, 600):
        one = ask(named, f"FROM heatmap('large', {prompt})")
        assert one == named.execute("FROM heatmap($1, $2)", ["large", prompt]).fetchall() != []


def test_a_named_file_is_the_only_one_opened(named: duckdb.DuckDBPyConnection) -> None:
    assert files_read(named, f"FROM lake.activations_of('large', {SHARD + 3})") == [1]
    assert files_read(named, "FROM lake.neuron_peaks_of('large', 2)") == [1]


def test_one_file_of_many_is_opened(connection: duckdb.DuckDBPyConnection) -> None:
    # DuckDB opens the first for its columns besides.
    prompt = SHARD + 3
    assert max(files_read(connection, f"FROM lake.activations_of('large', {prompt})")) <= 2
    assert max(files_read(connection, "FROM lake.neuron_peaks_of('large', 2)")) <= 2
    assert files_read(connection, f"FROM lake.activations WHERE prompt_id = {prompt}")[0] > 2


def test_layers_and_prompts_may_come_from_another_query(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    both = ask(
        connection,
        "SELECT p.id, count(*) FROM (VALUES (3), (600)) p(id), heatmap('large', p.id) GROUP BY 1",
    )
    for prompt, n in both:
        assert ask(connection, f"SELECT count(*) FROM heatmap('large', {prompt})") == [(n,)]
    last = "SELECT count(*) FROM heatmap('large', (SELECT max(prompt_id) FROM activations))"
    ((n,),) = ask(connection, last)
    assert [(n,)] == ask(connection, f"SELECT count(*) FROM heatmap('large', {PROMPTS - 1})")
    ((n,),) = ask(
        connection,
        "SELECT count(*) FROM (VALUES (0), (2)) l(id), neuron_ranks('large', l.id, 7)",
    )
    assert n == sum(
        ask(connection, f"SELECT count(*) FROM neuron_ranks('large', {i}, 7)")[0][0] for i in (0, 2)
    )


def test_the_first_rows_of_chosen_files_are_given(either: duckdb.DuckDBPyConnection) -> None:
    # DuckDB's late materialization fails on these, and takes the connection along.
    for sql in (
        "FROM neuron_ranks('large', 1, 5) ORDER BY peak LIMIT 3",
        "SELECT * FROM lake.neuron_peaks_of('large', 1) ORDER BY abs(activation) DESC LIMIT 3",
        "FROM heatmap('large', 600) ORDER BY activation LIMIT 3",
    ):
        assert len(ask(either, sql)) == 3


@pytest.mark.parametrize("named", [False, True])
def test_a_lens_that_is_kept_prompt_by_prompt_is_found(
    lake: Lake, tmp_path: Path, named: duckdb.DuckDBPyConnection
) -> None:
    root = tmp_path / "lake"
    shutil.copytree(lake.root, root)
    copy = lakes.Lake(root)
    with database.connect(copy, named=named) as opened:
        before = {m: ask(opened, f"FROM lens('{m}', 3)") for m in ("tiny", "large")}
        file = copy.files(lakes.model("tiny"), "logit_lens")[0]
        rows = pq.ParquetFile(file).read().slice(0, 5)
        place = rows.schema.get_field_index("prompt_id")
        for prompt in (9_998, 9_999):
            ids = pa.array([prompt] * 5, pa.int32())
            late = rows.set_column(place, rows.schema.field(place), ids)
            pq.write_table(late, file.with_name(f"prompt-{prompt:09}.parquet"))
        assert len(ask(opened, "FROM lens('tiny', 9999)")) == 5
        assert ask(opened, "FROM lens('large', 9999)") == []
        assert before == {m: ask(opened, f"FROM lens('{m}', 3)") for m in before}
        assert all(before.values())


def test_parts_that_were_cut_anew_are_looked_at_anew(tmp_path: Path) -> None:
    make_large_lake(tmp_path, "large", **SHAPE, density=0.05)
    lake, where = lakes.Lake(tmp_path), lakes.model("large")
    held = Database(lake)
    counts = "SELECT prompt_id, count(*) FROM activations GROUP BY 1 ORDER BY 1"
    before = dict(held.cursor().execute(counts).fetchall())
    rows = lake.read(where, "activations")
    third = len(rows) // 3
    with lake.replacing(where, "activations", "again") as folder:
        for i, first in enumerate(range(0, len(rows), third)):
            pq.write_table(rows.slice(first, third), folder / f"part-{i:05}.parquet")
    held.refresh()
    for prompt in (0, 200, 400, 800, PROMPTS - 1):
        found = held.cursor().execute("SELECT count(*) FROM heatmap('large', $1)", [prompt])
        assert found.fetchall() == [(before[prompt],)]
    held.close()


def test_a_database_in_a_file_singles_no_file_out(lake: Lake) -> None:
    import duckdb

    path = database.build(lake)
    with duckdb.connect(str(path), read_only=True) as opened:
        sql = "SELECT sql FROM duckdb_views() WHERE schema_name = 'lake'"
        assert all("filename" not in text for (text,) in ask(opened, sql))
        macros = "SELECT macro_definition FROM duckdb_functions() WHERE schema_name = 'lake'"
        found = [text for (text,) in ask(opened, macros) if text]
        assert found and not any("filename" in text for text in found)
        assert len(ask(opened, "FROM neuron_ranks('large', 1, 5) ORDER BY peak LIMIT 3")) == 3


SHOWN = "SELECT sql FROM duckdb_views() WHERE view_name = $1 AND schema_name = 'main'"


def test_what_is_held_in_memory_is_what_the_files_hold(
    lake: Lake, connection: duckdb.DuckDBPyConnection
) -> None:
    held = Database(lake)
    for name in database.HELD:
        for sql in (f"FROM {name} ORDER BY ALL", f"DESCRIBE {name}"):
            found = held.cursor().execute(sql).fetchall()
            assert found and found == ask(connection, sql), sql
        ((text,),) = held.cursor().execute(SHOWN, [name]).fetchall()
        assert "held_" in text
    held.close()
