"""Search, against what it says of itself."""

from __future__ import annotations

import unicodedata
from typing import Any

import duckdb
import pytest

from kn_assets.lake import Lake
from tests.database.told import ask, cities_of_prompts, rows


def found(connection: duckdb.DuckDBPyConnection, text: str) -> Any:
    sql = "SELECT name, score, prompt_id FROM search_cities(?) WHERE corpus = 'made'"
    return connection.cursor().sql(sql, params=[text]).fetchall()


@pytest.mark.parametrize("text", ["sao paulo", "São Paulo", "  SAO PAULO ", "São paulo"])
def test_search_ignores_case_and_accents(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    names = [name for name, *_ in found(connection, text)]
    assert names[0] == "São Paulo"


@pytest.mark.parametrize(
    ("text", "name", "score"),
    [
        ("tokyo", "Tokyo", 6),
        ("toky", "Tokyo", 5),
        ("okyo", "Tokyo", 4),
        ("lodz", "Łódź", 6),
        ("herat", "هرات", 3.5),
        ("hera", "هرات", 3),
        ("هرات", "هرات", 6),
        ("edo", "Tokyo", 3.5),
        ("ed", "Tokyo", 3),
        ("東京", "Tokyo", 3.5),
        ("afghan", "Kabul", 2),
        ("cote d'ivoire", "<script>alert('Abidjan')</script>", 2),
        ("<script>", "<script>alert('Abidjan')</script>", 5),
        ("zielona gora", "Z̷ielo̊na Go\u0301ra", 6),
    ],
)
def test_search_ranks_by_where_it_matches(
    connection: duckdb.DuckDBPyConnection, text: str, name: str, score: float
) -> None:
    assert score in [s for n, s, _ in found(connection, text) if n == name]


def test_search_order_is_score_then_population(
    atlas: Lake, connection: duckdb.DuckDBPyConnection
) -> None:
    got = ask(connection, "FROM search_cities('a') WHERE corpus = 'made'")
    keys = [(-r["score"], -r["population"]) for r in got]
    assert keys == sorted(keys) and len({r["score"] for r in got}) > 2
    assert [r["score"] for r in got if r["score"] == 1], "nothing was found by its text alone"


def test_search_finds_the_text(atlas: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    def plain(text: str) -> str:
        marks = unicodedata.normalize("NFD", text.lower())
        return "".join(c for c in marks if not unicodedata.combining(c))

    inside = {
        r["prompt_id"] for r in rows(atlas, "prompts", "made") if "word33" in plain(r["text"])
    }
    assert {p for _, _, p in found(connection, "WORD33")} == inside
    assert inside


def test_search_of_nothing_lists_all_in_order(
    atlas: Lake, connection: duckdb.DuckDBPyConnection
) -> None:
    for text in ("", "   "):
        got = found(connection, text)
        assert [p for *_, p in got] == [r["prompt_id"] for r in rows(atlas, "prompts", "made")]


@pytest.mark.parametrize("text", ["%", "_", "'", '"', "\\", "no such place"])
def test_search_takes_signs_literally(
    atlas: Lake, connection: duckdb.DuckDBPyConnection, text: str
) -> None:
    city = cities_of_prompts(atlas)
    texts = {r["prompt_id"]: r["text"] for r in rows(atlas, "prompts", "made")}
    expected = {
        p
        for p, c in city.items()
        if text in c["name"] + c["country"] + "\n".join(c["alternate_names"]) + texts[p]
    }
    assert {p for *_, p in found(connection, text)} == expected
