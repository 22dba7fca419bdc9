"""Phrases that a corpus repeats whatever its prompts are about, planted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from kn_assets.maps.labels.patterns import are_patterns
from kn_assets.maps.labels.phrases import phrases_held, phrases_read

COUNTRIES = [f"Land{c}" for c in range(10)]
N = 400
ABOUT = {p: COUNTRIES[p % 10] for p in range(N)}
# Everywhere; in a tenth of the prompts of every country; in all those of one country; in a few.
TEXTS = {
    p: "the town is large"
    + (", they pay with coins" if (p // 10) % 10 == 0 else "")
    + (", they speak Doric" if p % 10 == 3 else "")
    + (", no sea" if p in (5, 16, 27) else "")
    + f", {p} souls"
    for p in range(N)
}
TOKENS = {p: re.findall(r"[^\s,]+\s?|,\s?", text) for p, text in TEXTS.items()}


@pytest.mark.parametrize("of", [phrases_read, phrases_held])
def test_what_every_country_has_is_a_pattern_and_what_one_has_is_none(
    of: Callable[..., Any],
) -> None:
    phrases = of(TOKENS)
    found = dict(zip(phrases.terms, are_patterns(phrases, ABOUT).tolist(), strict=True))
    assert found["the town is"]
    assert found["pay with coins"]
    assert not found["Doric"]
    assert not found["speak Doric"]
    assert not found["no sea"], "in 3 of 400 prompts"
    assert not found["#"], "a number is a kind of token"
    assert not found[","]


def test_without_countries_what_many_prompts_have_is_a_pattern() -> None:
    phrases = phrases_held(TOKENS)
    found = dict(zip(phrases.terms, are_patterns(phrases, {}).tolist(), strict=True))
    assert found["the town is"]
    assert found["speak Doric"], "a tenth of the prompts: nothing tells that it is of one country"
    assert not found["no sea"]


def test_a_country_that_most_prompts_are_about_makes_no_pattern_of_its_own_words() -> None:
    """As China in 28 % of the prompts: the countries count, not how many prompts each has."""
    about = {p: "Large" if p < 280 else COUNTRIES[p % 10] for p in range(N)}
    texts = {p: ["it ", "pays ", "yuan" if p < 280 else "else"] for p in range(N)}
    phrases = phrases_held(texts)
    found = dict(zip(phrases.terms, are_patterns(phrases, about).tolist(), strict=True))
    assert not found["pays yuan"]
    assert found["it pays"]
