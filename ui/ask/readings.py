"""What a person who types into the one box may mean: all readings of a text, best first.

A text's form says whether it can be a neuron or a quoted token; what the lake has under names in
it says the rest. Both are pure functions: what was looked up comes in as `Names`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Row = dict[str, Any]
Kind = Literal["neuron", "fact", "city", "value", "token", "description", "sentence"]

FACTS, CITIES, VALUES = 3, 3, 3
"""Readings of a kind at most."""

_NEURON = re.compile(
    r"(?:layer\s*|L)?(\d{1,6})(?:\s*[/:·]\s*|,?\s+)(?:neuron\s*|N)?(\d{1,9})", re.IGNORECASE
)
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "„": "“", "«": "»", "`": "`"}
_ENDS = ".!?…。"


@dataclass(frozen=True)
class Names:
    """What a lake has under the names in a text.

    `facts`, `cities` and `values`: rows of the macros ask_facts, ask_cities and ask_values, in
    their order; `described`: rows of search_descriptions, the neurons whose rules the text names.
    """

    facts: Sequence[Row] = ()
    cities: Sequence[Row] = ()
    values: Sequence[Row] = ()
    described: Sequence[Row] = ()


@dataclass(frozen=True)
class Reading:
    """One thing that a text may mean.

    `about` is a row of `Names`, for a neuron its `layer` and `neuron`, for a token its `token`, for
    a sentence `begin` and `answer`, of which the first is null where it has one word only, for a
    description its `rows`.
    """

    kind: Kind
    about: Row = field(default_factory=dict)


def neuron_named(text: str) -> tuple[int, int] | None:
    """Layer and neuron, both from 0, that a text like `17/498`, `17:498` or `L17 N498` names."""
    found = _NEURON.fullmatch(text.strip())
    return (int(found[1]), int(found[2])) if found else None


def token_quoted(text: str) -> str | None:
    """The token that a text names in quotes, or by a space before a single word."""
    bare = text.rstrip("\r\n")
    inner = bare.strip()
    if len(inner) >= 3 and _QUOTES.get(inner[0]) == inner[-1]:
        return inner[1:-1]
    begins_with_space = bare[:1] == " " and inner and not re.search(r"\s", inner)
    return bare.rstrip() if begins_with_space else None


def claim(text: str, answer: str | None = None) -> tuple[str | None, str]:
    """A sentence as its beginning and the answer that it ends in: ("Toulouse is in", "France").

    answer: what it is to end in, where that is known, spelt in any case; else the last word. The
    beginning is null where nothing stands before the answer.
    """
    bare = text.strip().rstrip(_ENDS + " ")
    if answer and bare.casefold().endswith(answer.casefold()):
        begin, end = bare[: len(bare) - len(answer)], bare[len(bare) - len(answer) :]
        if not begin or begin[-1].isspace():
            return begin.strip() or None, end
    begin, _, end = bare.rpartition(" ")
    return begin.strip() or None, end


def readings(text: str, names: Names) -> list[Reading]:
    """All readings of a text, best first; none of an empty one.

    A neuron's number and a quoted token can be nothing else. Otherwise: facts whose subject and
    object are named; what the whole text is the name of; the token that one word is; the neurons
    that it describes; the sentence; then cities and values that are named within it.
    """
    if not text.strip():
        return []
    if (number := neuron_named(text)) is not None:
        return [Reading("neuron", {"layer": number[0], "neuron": number[1]})]
    rows = list(names.described)
    described = [Reading("description", {"rows": rows})] if rows else []
    quoted = token_quoted(text)
    if quoted is not None and quoted.strip():
        rest = [r for r in _named(names, whole=True) if r.kind != "fact"]
        return [Reading("token", {"token": quoted}), *described, *rest]
    facts = [Reading("fact", row) for row in names.facts[:FACTS]]
    whole, within = _named(names, whole=True), _named(names, whole=False)
    bare = text.strip()
    if not re.search(r"\s", bare):
        return [*facts, *whole, Reading("token", {"token": bare}), *described, *within]
    begin, answer = claim(bare, _last_name(bare, names))
    sentence = [Reading("sentence", {"begin": begin, "answer": answer})]
    first, last = ([], sentence) if whole else (sentence, [])
    return [*facts, *whole, *described, *first, *within, *last]


def _named(names: Names, whole: bool) -> list[Reading]:
    """The cities and values that are the whole text, or that stand within it: values last where
    they are the whole, first where they don't stand alone, as they are what a sentence claims.
    """
    cities = [Reading("city", r) for r in names.cities if r["whole"] is whole][:CITIES]
    values = [Reading("value", r) for r in names.values if r["whole"] is whole][:VALUES]
    return [*cities, *values] if whole else [*values, *cities]


def _last_name(text: str, names: Names) -> str | None:
    """The longest name that the text ends in, so that "the United States" stays together."""
    known = [row["object"] for row in names.facts]
    known += [row["value"] for row in names.values] + [row["name"] for row in names.cities]
    bare = text.rstrip(_ENDS + " ").casefold()
    ending = [name for name in known if name and bare.endswith(" " + name.casefold())]
    return max(ending, key=len, default=None)
