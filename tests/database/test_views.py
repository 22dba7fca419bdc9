"""The views, and a running database."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from kn_assets import lake
from kn_assets.database import database
from kn_assets.lake import Lake
from kn_assets.lake.schema import TABLES
from tests.database.told import LAYER, NEURON, PROMPT, ask, rows
from tests.lake import earlier
from tests.made import make_lake


@pytest.mark.parametrize("name", TABLES)
def test_a_view_holds_its_table_with_the_partition(
    atlas: Lake, connection: duckdb.DuckDBPyConnection, name: str
) -> None:
    kind = TABLES[name].kind
    columns = TABLES[name].names
    columns = [kind, *columns] if kind == "model" else [*columns, kind]
    got = connection.cursor().sql(f"FROM {name}").to_arrow_table()
    assert got.column_names == columns
    expected = sum(len(rows(atlas, name, p.key)) for p in atlas.partitions(kind))
    assert got.num_rows == expected
    assert set(got[kind].to_pylist()) == {p.key for p in atlas.partitions(kind)}


def test_an_empty_lake_has_the_same_views_and_macros_without_rows(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    with database.connect(Lake(tmp_path / "nothing")) as empty:
        for name in TABLES:
            none = empty.cursor().sql(f"FROM {name}")
            some = connection.cursor().sql(f"FROM {name}")
            assert (none.columns, none.types) == (some.columns, some.types)
            assert none.fetchall() == []
        for macro in database.macros():
            got = empty.cursor().sql(f"FROM {macro.name}({arguments(macro)})").fetchall()
            assert got in ([], [(0,)]), macro.name


VALUES = {
    "model": "'tiny'",
    "prompt": str(PROMPT),
    "layer": str(LAYER),
    "neuron": str(NEURON),
    "k": "4",
    "text": "'tokyo'",
    "country": "'Japan'",
    "token": "'tokyo'",
    "attribute": "'continent'",
    "value": "'Asia'",
    "fact": "0",
    "relation": "'all'",
    "step": "64",
    "kind": "'neuron'",
    "n_top": "3",
    "n_sample": "2",
    "sign": "1",
    "words": "'Tokyo is in Japan'",
    "city": "0",
    "follows": "'Japan'",
    "layers": "[]::SMALLINT[]",
    "neurons": "[]::INTEGER[]",
    "activations": "[]::FLOAT[]",
    "corners": "[[-90, -90], [90, -90], [90, 90], [-90, 90]]",
}


OF_THE_MAP = {"words": "'tokyo'"}  # all of which a point must have
ITS_OWN = {"neurons_found": OF_THE_MAP, "prompts_found": OF_THE_MAP}


def arguments(macro: Any) -> str:
    values = VALUES | ITS_OWN.get(macro.name, {})
    return ", ".join(values[p] for p in macro.parameters if ":=" not in p)


def test_every_macro_answers_and_says_what_it_is(connection: duckdb.DuckDBPyConnection) -> None:
    assert len(database.macros()) > 20
    (held,) = ask(
        connection, "SELECT layer, neuron FROM knowledge_neurons WHERE model = 'tiny' LIMIT 1"
    )
    (marking, *_) = ask(
        connection, "SELECT layer, neuron FROM neuron_concepts WHERE model = 'tiny' LIMIT 1"
    )
    (fact,) = ask(
        connection, "SELECT subject, object FROM facts WHERE subject NOT LIKE '%''%' LIMIT 1"
    )
    (city, *_) = ask(connection, "SELECT city_id FROM atlas_prompts('tiny') LIMIT 1")
    (word,) = ask(
        connection,
        "SELECT token FROM tokens "
        "WHERE model = 'tiny' AND position > 0 AND token LIKE ' %' LIMIT 1",
    )
    of = {
        "neuron_facts": "'tiny', {layer}, {neuron}".format(**held),
        "neuron_marks": "'tiny', {layer}, {neuron}".format(**marking),
        "search_concepts": "'tiny', 'ASI', 3",
        "search_descriptions": "'tiny', 'about Japan', 3",
        "peaks_at_least": f"'tiny', [{LAYER}], [{NEURON}], [0.5]",
        "ask_facts": "'tiny', '{subject} {object}'".format(**fact),
        "ask_prompts": "'tiny', {city_id}, 'the'".format(**city),
        "search_texts": "'tiny', 'the'",
        "token_prompts": "'tiny', '{token}', 4".format(**word),
    }
    for macro in database.macros():
        given = of.get(macro.name) or arguments(macro)
        assert ask(connection, f"FROM {macro.name}({given})"), macro.name
        assert macro.meaning.endswith("."), macro.name


def test_the_database_file_opens_anywhere_and_tells_meanings(atlas: Lake, tmp_path: Path) -> None:
    path = database.build(atlas)
    assert path == atlas.database and not list(path.parent.glob(".kn.duckdb*"))
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True);"
        "print(len(c.sql(\"FROM heatmap('tiny', 3)\").fetchall()))"
    )
    out = subprocess.run(  # noqa: PLW1510
        [sys.executable, "-c", code, str(path)], cwd=tmp_path, capture_output=True, text=True
    )
    assert out.stdout.strip() == str(len(rows(atlas, "activations", prompt_id=3))), out.stderr
    with duckdb.connect(str(path), read_only=True) as opened:
        views = opened.sql("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal")
        said = {k: v for k, v in views.fetchall() if v}
        assert said["neurons"] == TABLES["neurons"].meaning
        sql = "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'neurons'"
        columns = dict(opened.sql(sql + " AND schema_name = 'main'").fetchall())
        assert columns["firing_rate"] == "n_fired over the number of tokens that are no sinks"


def test_a_running_database_notices_new_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOOK_AGAIN_S", 0)
    running = database.Database(Lake(tmp_path))
    before = running.stamp
    with running.cursor() as cursor:
        assert cursor.sql("FROM atlases").fetchall() == []
    make_lake(tmp_path, model="late")
    with running.cursor() as cursor:
        assert cursor.sql("SELECT model FROM atlases").fetchall() == [("late",)]
    assert running.stamp != before
    # One more model needs no new view: the pattern finds it.
    make_lake(tmp_path, model="later", n_layers=2)
    with running.cursor() as cursor:
        found = cursor.sql("SELECT model FROM atlases ORDER BY model").fetchall()
    assert found == [("late",), ("later",)]
    Lake(tmp_path).remove(lake.model("late"), "neuron_map")
    Lake(tmp_path).remove(lake.model("later"), "neuron_map")
    with running.cursor() as cursor:
        assert cursor.sql("FROM neuron_map").fetchall() == []
    running.close()


def test_columns_that_an_older_version_did_not_write_are_null(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = make_lake(tmp_path, model="old")
    where = lake.model("old")
    (file,) = old.files(where, "neuron_map")
    rows = pq.read_table(file, partitioning=None)
    earlier.rewrite(file, rows.select(["layer", "neuron", "x", "y"]))
    with database.connect(old) as opened:
        got = opened.sql("FROM neuron_map ORDER BY layer, neuron").to_arrow_table()
        assert got.column_names == ["model", *TABLES["neuron_map"].names]
        assert got["cluster"].null_count == got.num_rows == 120
        assert got["x"].null_count == rows["x"].null_count < 120, "those that never fired"
        assert set(got["model"].to_pylist()) == {"old"}
        line = "neuron_map of old was written by an earlier version (no column cluster): `kn run`"
        assert [r.getMessage() for r in caplog.records] == [f"{line} makes it again"]
        assert len(opened.sql("FROM heatmap('old', 0)").fetchall()) > 0


def test_opening_needs_neither_torch_nor_dagster_nor_gradio(atlas: Lake) -> None:
    code = (
        "import sys; from kn_assets.database import database; from kn_assets.lake import Lake;"
        "database.connect(Lake(sys.argv[1])).close();"
        "print({'torch', 'dagster', 'gradio', 'pandas'} & sys.modules.keys())"
    )
    out = subprocess.run(  # noqa: PLW1510
        [sys.executable, "-c", code, str(atlas.root)], capture_output=True, text=True
    )
    assert out.stdout.strip() == "set()", out.stderr
