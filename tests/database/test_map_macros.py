"""What is found on a map by words, and what lies in a region of it, computed here again."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from kn_assets import lake as lakes
from kn_assets.database.database import Database
from kn_assets.lake import Lake
from kn_assets.lake.schema import TABLES
from tests.database.told import MODEL, ask, cities_of_prompts, rows
from tests.made import make_lake


def plain(text: str) -> list[str]:
    """The words of a text without case and accents, put together here letter by letter."""
    letters = unicodedata.normalize("NFKD", text.lower())
    kept = [c if c.isalnum() else " " for c in letters if not unicodedata.combining(c)]
    return "".join(kept).split()


def has(text: str | None, words: str) -> bool:
    return f" {' '.join(plain(words))} " in f" {' '.join(plain(text or ''))} "


@pytest.fixture
def words(atlas: Lake) -> list[str]:
    """Countries, continents and cities of top activating prompts, and a part of a name."""
    city = cities_of_prompts(atlas)
    top = [city[r["top_prompt_id"]] for r in rows(atlas, "neurons") if r["n_fired"]]
    found = {top[0]["country"].upper(), top[0]["continent"], "Côte d'Ivoire", "nothing at all"}
    ascii_names = [c["name"] for c in top if c["name"].isascii() and plain(c["name"])]
    return [*found, *ascii_names[:3], ascii_names[0][:3]]


def test_neurons_are_found_by_the_places_of_their_prompts(
    atlas: Lake, connection: duckdb.DuckDBPyConnection, words: list[str]
) -> None:
    city = cities_of_prompts(atlas)
    found_any = 0
    for word in words:
        wanted = {
            (r["layer"], r["neuron"], way)
            for r in rows(atlas, "neurons")
            if r["n_fired"]
            for way, column in (("city", "name"), ("country", "country"), ("continent",) * 2)
            if has(city[r["top_prompt_id"]][column], word)
        }
        literal = word.replace("'", "''")
        got = ask(connection, f"FROM neurons_found('{MODEL}', '{literal}')")
        got = [r for r in got if r["found_as"] != "promotes"]
        assert {(r["layer"], r["neuron"], r["found_as"]) for r in got} == wanted
        assert len(got) == len(wanted)
        found_any += bool(wanted)
    assert found_any >= 4


def test_neurons_are_found_by_what_they_promote(
    atlas: Lake, connection: duckdb.DuckDBPyConnection
) -> None:
    vocabulary = rows(atlas, "neuron_vocabulary")
    token = next(r["token"].strip() for r in vocabulary if r["token"].strip().isalpha())
    wanted = {
        (r["layer"], r["neuron"])
        for r in vocabulary
        if r["sign"] == 1 and r["token"].strip().lower() == token.lower()
    }
    got = ask(connection, f"FROM neurons_found('{MODEL}', ' {token.upper()} ')")
    assert {(r["layer"], r["neuron"]) for r in got if r["found_as"] == "promotes"} == wanted
    assert wanted


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("1/11", [(1, 11, "neuron")]),
        (" 1 : 011 ", [(1, 11, "neuron")]),
        ("99/1", []),
        ("1/99999", []),
        ("1/11/2", []),
        ("/", []),
        ("", []),
        ("   ", []),
        ("!", []),
    ],
)
def test_a_neuron_is_found_by_its_numbers(
    connection: duckdb.DuckDBPyConnection, words: str, wanted: list[tuple[int, int, str]]
) -> None:
    got = ask(connection, f"FROM neurons_found('{MODEL}', '{words}')")
    named = [r for r in got if r["found_as"] != "promotes"]
    assert [(r["layer"], r["neuron"], r["found_as"]) for r in named] == wanted


def test_prompts_are_found_by_their_places_and_their_words(
    atlas: Lake, connection: duckdb.DuckDBPyConnection, words: list[str]
) -> None:
    city = cities_of_prompts(atlas)
    texts: dict[int, str] = {}
    for r in rows(atlas, "tokens"):
        texts[r["prompt_id"]] = texts.get(r["prompt_id"], "") + r["token"]
    of_text = next(w for t in texts.values() for w in plain(t) if w.isascii() and len(w) > 2)
    found_ways = set()
    for word in [*words, of_text]:
        wanted = {
            (r["prompt_id"], way)
            for r in rows(atlas, "prompt_map")
            for way, text in (
                ("city", city[r["prompt_id"]]["name"]),
                ("country", city[r["prompt_id"]]["country"]),
                ("continent", city[r["prompt_id"]]["continent"]),
                ("text", texts[r["prompt_id"]]),
            )
            if has(text, word)
        }
        literal = word.replace("'", "''")
        got = ask(connection, f"FROM prompts_found('{MODEL}', '{literal}')")
        assert [(r["prompt_id"], r["found_as"]) for r in got] == sorted(wanted)
        found_ways |= {way for _, way in wanted}
    assert found_ways == {"city", "country", "continent", "text"}
    assert ask(connection, f"FROM prompts_found('{MODEL}', ' , ')") == []


def test_neurons_that_never_fired_are_in_no_region(tmp_path: Path) -> None:
    """Neither in an older lake, whose map has places for them."""
    lake = make_lake(tmp_path)
    where = lakes.model("tiny")
    silent = {
        (r["layer"], r["neuron"])
        for r in lake.read(where, "neurons").to_pylist()
        if not r["n_fired"]
    }
    placed = lake.read(where, "neuron_map").to_pandas()
    assert len(silent) == placed["x"].isna().sum() > 10
    older = placed.fillna({"x": 0.5, "y": 0.5})
    everywhere = "[[-1e6, -1e6], [1e6, -1e6], [1e6, 1e6], [-1e6, 1e6]]"
    for map_ in (placed, older):
        schema = TABLES["neuron_map"].schema
        columns = [pa.array(map_[f.name], f.type, from_pandas=True) for f in schema]
        lake.write(where, "neuron_map", pa.table(columns, schema=schema), "made")
        data = Database(lake)
        cursor = data.cursor()
        n = len(map_) - len(silent)
        ((total,),) = cursor.execute(
            f"SELECT sum(n) FROM region_countries('tiny', 'neuron', {everywhere})"
        ).fetchall()
        assert total == n
        words = cursor.execute(
            f"SELECT sum(n) FROM region_vocabulary('tiny', {everywhere})"
        ).fetchone()
        vocabulary = lake.read(where, "neuron_vocabulary").to_pandas()
        fires = [
            (layer, neuron) not in silent
            for layer, neuron in zip(vocabulary["layer"], vocabulary["neuron"], strict=True)
        ]
        assert words == (int((np.array(fires) & (vocabulary["sign"] == 1)).sum()),)
        points = cursor.execute(
            "SELECT layer, neuron FROM neuron_points('tiny') WHERE x IS NULL"
        ).fetchall()
        assert set(points) == silent
        data.close()
