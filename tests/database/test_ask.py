"""The macros behind the box that asks, and search by words, on tables that are told in full."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from kn_assets import lake as lakes
from kn_assets.database import database
from kn_assets.lake import Lake
from tests.asked import CITIES, CORPUS, FRANCE, MODEL, PROMPTS, asked_lake, id_of
from tests.database.told import ask


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return asked_lake(tmp_path_factory.mktemp("asked"))


@pytest.fixture(scope="module")
def there(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    with database.connect(lake) as opened:
        yield opened


def found(there: duckdb.DuckDBPyConnection, macro: str, *arguments: object) -> list[dict[str, Any]]:
    given = ", ".join(
        "'" + a.replace("'", "''") + "'" if isinstance(a, str) else str(a) for a in arguments
    )
    return list(ask(there, f"FROM {macro}('{MODEL}', {given})"))


def called(there: duckdb.DuckDBPyConnection, sql: str, *arguments: str) -> Any:
    return there.cursor().execute(sql, arguments).fetchone()[0]


@pytest.mark.parametrize(
    ("name", "text", "is_named"),
    [
        ("France", "Toulouse is in France.", True),
        ("france", "la FRANCE, c'est", True),
        ("Niger", "Abuja is in Nigeria", False),
        ("São Paulo", "sao paulo lies there", True),
        ("St. Louis", "in st louis", True),
        ("Guinea-Bissau", "Bissau is in Guinea Bissau", True),
        ("東京", "日本の東京は", True),
        ("...", "a ... b", False),
        ("", "anything", False),
        ("Paris", "", False),
    ],
)
def test_a_name_stands_in_a_text_as_whole_words(
    there: duckdb.DuckDBPyConnection, name: str, text: str, is_named: bool
) -> None:
    assert called(there, "SELECT named_in($1, $2)", name, text) is is_named


def told_facts(lake: Lake) -> dict[int, dict[str, Any]]:
    """The facts with their answers and neurons, out of the tables' Arrow."""
    model = lakes.model(MODEL)
    answers = lake.read(model, "fact_answers").to_pylist()
    neurons = lake.read(model, "knowledge_neurons").to_pylist()
    facts = {}
    for fact in lake.read(lakes.corpus(CORPUS), "facts").to_pylist():
        own = [a for a in answers if a["fact_id"] == fact["fact_id"]]
        fact["n_prompts"] = len(own) or None
        fact["n_correct"] = sum(a["greedy"] for a in own) if own else None
        fact["n_neurons"] = sum(n["fact_id"] == fact["fact_id"] for n in neurons)
        facts[fact["fact_id"]] = fact
    return facts


def test_facts_named_in_a_text(lake: Lake, there: duckdb.DuckDBPyConnection) -> None:
    facts = told_facts(lake)
    asked = [f for f in facts.values() if f["n_prompts"]]
    assert len(asked) < len(facts) and any(f["n_neurons"] for f in asked)
    for text, wanted in (
        ("Toulouse is in France", [("Toulouse", "France")]),
        ("toulouse, FRANCE", [("Toulouse", "France")]),
        ("Kabul is in Afghanistan", [("Kabul", "Afghanistan"), ("Afghanistan", "Kabul")]),
        ("Afghanistan's capital is Kabul", [("Afghanistan", "Kabul"), ("Kabul", "Afghanistan")]),
        ("New York City is in the United States", [("New York City", "United States")]),
        ("Niamey is in Nigeria", []),
        ("Toulouse", []),
        ("", []),
        ("Toulouse is in Poland", []),
    ):
        got = found(there, "ask_facts", text)
        assert [(r["subject"], r["object"]) for r in got] == wanted, text
        for row in got:
            fact = facts[row["fact_id"]]
            for column in ("relation", "n_prompts", "n_correct", "n_neurons"):
                assert row[column] == fact[column], (text, column)
            known = fact["n_prompts"] and 2 * fact["n_correct"] >= fact["n_prompts"]
            assert row["known"] == known


def test_cities_named_in_a_text(there: duckdb.DuckDBPyConnection) -> None:
    columns = ("name", "found_as", "whole", "n_prompts")
    for text, wanted in (
        ("Toulouse is in France", [("Toulouse", None, False, 1)]),
        ("paris", [("Paris", None, True, 1)]),
        ("Bombay", [("Mumbai", "Bombay", True, 1)]),
        ("Bombay is in India", [("Mumbai", "Bombay", False, 1)]),
        ("東京", [("Tokyo", "東京", True, 1)]),
        (
            "Paris of the North",
            [("Paris", None, False, 1), ("Warsaw", "Paris of the North", True, 1)],
        ),
        ("Is", [("Mumbai", "Is", True, 1)]),
        ("York", [("York", None, True, 0)]),
        ("Edo was a city", []),  # of fewer than four letters
        ("Yorkshire", []),
        ("", []),
    ):
        got = [tuple(r[c] for c in columns) for r in found(there, "ask_cities", text)]
        assert got == wanted, text
    names = [r["name"] for r in found(there, "ask_cities", "New York City or York or Tokyo")]
    assert names == ["New York City", "Tokyo", "York"]


def test_values_named_in_a_text(there: duckdb.DuckDBPyConnection) -> None:
    countries = [c[1] for c in CITIES[:10]]
    for text, wanted in (
        ("Toulouse is in France", [("country", "France", countries.count("France"), False)]),
        ("europe", [("continent", "Europe", 4, True)]),
        ("Nigeria", []),  # a city without a prompt
        ("united kingdom", [("country", "United Kingdom", 0, True)]),
        ("Japan in Asia", [("country", "Japan", 2, False), ("continent", "Asia", 4, False)]),
    ):
        got = found(there, "ask_values", text)
        assert [tuple(r.values()) for r in got] == wanted, text


def test_prompts_before_a_word(there: duckdb.DuckDBPyConnection) -> None:
    for city, follows, wanted in (
        ("Toulouse", "France", (5, " France")),
        # after the city's name, where the sentence has it before as well
        ("Kabul", "Afghanistan", (4, " Afghan")),
        ("New York City", "United States", (4, " United")),
        ("Niamey", "Niger", (7, " Niger")),  # not Nigeria
        ("Niamey", "Nigeria", (4, " Nigeria")),
        ("Toulouse", "in France", (4, " in")),
        ("Toulouse", "Poland", (None, None)),
        ("Lyon", "", (None, None)),
    ):
        (row,) = found(there, "ask_prompts", id_of(city), follows)
        assert (row["position"], row["next_token"]) == wanted, (city, follows)
        tokens = PROMPTS[row["prompt_id"]][1]
        assert PROMPTS[row["prompt_id"]][0] == city
        place = len(tokens) if wanted[0] is None else wanted[0] + 1
        rest = "".join(tokens[place:]).strip().lower()
        assert rest.startswith(follows.lower()) == (wanted[0] is not None or not follows)
    assert found(there, "ask_prompts", id_of("York"), "England") == []


def test_prompts_with_a_token(there: duckdb.DuckDBPyConnection) -> None:
    for token in (" Tokyo", "Tokyo", " in", "France", " Lyon", "nothing"):
        places = {}
        for prompt, (_, tokens) in enumerate(PROMPTS[:10]):
            at = [(t != token, i) for i, t in enumerate(tokens) if i and t.strip() == token.strip()]
            if at:
                places[prompt] = min(at)[1]
        for k in (2, 100):
            got = found(there, "token_prompts", token, k)
            assert {r["prompt_id"]: r["position"] + 1 for r in got}.items() <= places.items()
            assert len(got) == min(k, len(places))
            assert {r["n_total"] for r in got} <= {len(places)}


def test_neurons_that_mark_a_country_come_by_the_lower_end(
    there: duckdb.DuckDBPyConnection,
) -> None:
    got = ask(there, f"FROM concept_neurons('{MODEL}', 'france', attribute := 'country', k := 5)")
    by_low = sorted(FRANCE, key=lambda row: -row[3])
    assert [(r["layer"], r["neuron"]) for r in got] == [row[:2] for row in by_low]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # all words somewhere: in name and country first, then in text and country
        ("Tokyo Japan", [("Tokyo", 4.0, None), ("Yokohama", 1.5, None)]),
        ("Japan, Tokyo", [("Tokyo", 4.0, None), ("Yokohama", 1.5, None)]),
        ("toulouse france", [("Toulouse", 4.0, None)]),
        ("Paris", [("Paris", 6.0, None), ("Warsaw", 3.0, "Paris of the North")]),
        ("Bombay", [("Mumbai", 3.5, "Bombay")]),
        ("Bombay India", [("Mumbai", 1.75, "Bombay")]),
        ("York", [("York", 6.0, None), ("New York City", 4.0, None)]),
        ("Tokyo Poland", []),
        ("north east", []),
    ],
)
def test_search_by_words(
    there: duckdb.DuckDBPyConnection, text: str, wanted: list[tuple[str, float, str | None]]
) -> None:
    got = ask(there, f"FROM search_cities('{text}')")
    assert [(r["name"], r["score"], r["found_as"]) for r in got] == wanted


def test_search_of_an_atlas_says_by_which_name_too(there: duckdb.DuckDBPyConnection) -> None:
    got = found(there, "search_prompts", "Paris")
    assert [(r["name"], r["found_as"]) for r in got] == [
        ("Paris", None),
        ("Warsaw", "Paris of the North"),
    ]
