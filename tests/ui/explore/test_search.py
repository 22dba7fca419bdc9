"""The list of prompts, by what was typed; atlases that are half there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa

from kn_assets.database.database import Database
from kn_assets.synthetic import Shape
from tests.made import make_lake
from ui.explore import prompt
from ui.rows import atlases, limit_option

SHAPE = Shape()


def test_search_answers_as_its_macro_does(data: Database) -> None:
    names = (
        data.cursor().execute("SELECT name, country, text FROM atlas_prompts('tiny')").fetchall()
    )
    words = {"", " ", "a", "sao paulo", "no such", "'"} | {
        n[i : i + 4] for n, *_ in names for i in (0, 2)
    }
    words |= {country for _, country, _ in names} | {text[20:32].upper() for *_, text in names}
    assert len(words) > 20
    for word in words:
        wanted = (
            data.cursor()
            .execute(
                "SELECT c.prompt_id FROM search_cities($1) AS c "
                "WHERE c.prompt_id IN (SELECT prompt_id FROM tokens WHERE model = 'tiny') "
                "ORDER BY c.score DESC, c.population DESC NULLS LAST, c.prompt_id",
                [word],
            )
            .fetchall()
        )
        found = prompt.search(data, "tiny", word, 0, 500)
        assert [(row["prompt_id"],) for row in found["rows"]] == wanted, word
        assert found["total"] == len(wanted)


def test_search_sees_a_new_corpus(tmp_path: Path) -> None:
    lake = make_lake(tmp_path)
    database = Database(lake)
    assert prompt.search(database, "tiny", "kabul", 0, 9)["total"] < SHAPE.n_prompts
    (corpus,) = lake.partitions("corpus")
    cities = lake.read(corpus, "cities")
    place = cities.schema.get_field_index("name")
    named = cities.set_column(place, cities.schema.field(place), [["Kabul"] * len(cities)])
    lake.write(corpus, "cities", named, "others")
    database.refresh()
    assert prompt.search(database, "tiny", "kabul", 0, 9)["total"] == SHAPE.n_prompts
    database.close()


def test_search_pages_add_up(data: Database) -> None:
    whole = prompt.search(data, "tiny", "", 0, 500)
    assert whole["total"] == len(whole["rows"]) == SHAPE.n_prompts
    pages = [prompt.search(data, "tiny", "", offset, 5)["rows"] for offset in (0, 5, 10)]
    assert [row for page in pages for row in page] == whole["rows"]


def test_an_atlas_is_there_before_its_last_tables_are(tmp_path: Path) -> None:
    lake = make_lake(tmp_path)
    (atlas,) = lake.partitions("model")
    for name in ("atlases", "neurons"):
        lake.remove(atlas, name)
    database = Database(lake)
    (found,) = atlases(database)
    assert (found["n_prompts"], found["n_layers"]) == (SHAPE.n_prompts, SHAPE.n_layers)
    assert 0 < found["n_neurons"] <= SHAPE.n_neurons
    assert prompt.search(database, "tiny", "", 0, 500)["total"] == SHAPE.n_prompts
    shutil.rmtree(tmp_path / "corpus")
    database.refresh()
    listed = prompt.search(database, "tiny", "", 0, 500)
    assert listed["total"] == SHAPE.n_prompts
    assert "`cities` and `prompts`" in listed["missing"]
    database.close()


def test_a_command_about_an_atlas_keeps_its_limit(tmp_path: Path) -> None:

    lake = make_lake(tmp_path, "tiny", n_prompts=3)
    where = lake.partitions("model")[0]
    database = Database(lake)
    database.refresh()
    assert limit_option(database, "tiny") == ""
    row = lake.read(where, "atlases").to_pylist()[0]
    row["settings"] = '{"limit": 600}'
    schema = lake.read(where, "atlases").schema
    lake.write(where, "atlases", pa.Table.from_pylist([row], schema=schema), "again")
    database.refresh()
    assert limit_option(database, "tiny") == " --limit 600"
