"""What a text may mean, by its form and by what a lake has under its names."""

from __future__ import annotations

from typing import Any

import pytest

from ui.ask.readings import Names, claim, neuron_named, readings, token_quoted

FACT = {"subject": "Toulouse", "object": "France"}
TOULOUSE = {"name": "Toulouse", "whole": False}
FRANCE = {"attribute": "country", "value": "France", "whole": False}
STATES = {"attribute": "country", "value": "United States", "whole": False}


def kinds(text: str, **names: Any) -> list[str]:
    return [r.kind for r in readings(text, Names(**names))]


@pytest.mark.parametrize(
    "text",
    [
        *("17/498", "17:498", " 17 / 498 ", "17 498", "17, 498", "L17 N498", "l17/n498"),
        *("layer 17 neuron 498", "Layer 17 · neuron 498", "17·498"),
    ],
)
def test_a_neuron_by_its_number(text: str) -> None:
    assert neuron_named(text) == (17, 498)
    (only,) = readings(text, Names(cities=[TOULOUSE]))
    assert (only.kind, only.about) == ("neuron", {"layer": 17, "neuron": 498})


@pytest.mark.parametrize(
    "text", ["17", "1,536", "17/", "/498", "17/498/3", "1.5", "17-498", "a 1/2"]
)
def test_other_numbers_are_no_neuron(text: str) -> None:
    assert neuron_named(text) is None


@pytest.mark.parametrize(
    ("text", "token"),
    [
        (" France", " France"),
        ('"France"', "France"),
        ("“ France”", " France"),
        ("' the '", " the "),
        ("«le»", "le"),
        ("France", None),
        (" two words", None),
        ("  ", None),
        ('""', None),
        ("it's", None),
    ],
)
def test_a_token_in_quotes_or_after_a_space(text: str, token: str | None) -> None:
    assert token_quoted(text) == token


@pytest.mark.parametrize(
    ("text", "answer", "parts"),
    [
        ("Toulouse is in France.", None, ("Toulouse is in", "France")),
        ("Toulouse is in france", "France", ("Toulouse is in", "france")),
        ("It is in the United States", "United States", ("It is in the", "United States")),
        ("It is in the United States", None, ("It is in the United", "States")),
        ("He sees Africa", "frica", ("He sees", "Africa")),  # no part of a word
        ("France", "France", (None, "France")),
        ("word", None, (None, "word")),
        ("東京は日本。", None, (None, "東京は日本")),
    ],
)
def test_a_sentence_has_a_beginning_and_an_answer(
    text: str, answer: str | None, parts: tuple[str | None, str]
) -> None:
    assert claim(text, answer) == parts


def test_the_best_reading_is_first() -> None:
    whole = {"whole": True}
    named = {"facts": [FACT], "cities": [TOULOUSE], "values": [FRANCE]}
    assert kinds("Toulouse is in France", **named) == ["fact", "sentence", "value", "city"]
    assert kinds("Toulouse is in France", cities=[TOULOUSE]) == ["sentence", "city"]
    assert kinds("Toulouse", cities=[TOULOUSE | whole]) == ["city", "token"]
    singapore = {"cities": [TOULOUSE | whole], "values": [FRANCE | whole]}
    assert kinds("Singapore", **singapore) == ["city", "value", "token"]
    assert kinds("United States", values=[STATES | whole]) == ["value", "sentence"]
    assert kinds(" France", values=[FRANCE | whole]) == ["token", "value"]
    assert kinds("zebra") == ["token"]
    assert kinds("no such thing here") == ["sentence"]
    assert kinds("") == kinds("  \n") == []


def test_a_sentence_ends_in_the_name_that_it_ends_in() -> None:
    text = "New York City is in the United States."
    (sentence, *_) = readings(text, Names(values=[STATES]))
    assert sentence.about == {"begin": "New York City is in the", "answer": "United States"}


def test_of_many_readings_of_a_kind_the_first_are_kept() -> None:
    many = readings(
        "a b c d e", Names(facts=[FACT] * 9, cities=[TOULOUSE] * 9, values=[FRANCE] * 9)
    )
    assert [r.kind for r in many] == ["fact"] * 3 + ["sentence"] + ["value"] * 3 + ["city"] * 3
