"""A rule in words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

NO_RULE = "no rule found"
NONE = "none"
"""The kind of a half of a neuron for which no rule holds."""

MOST = 3
"""Rules that are told of a half of a neuron."""

_AT = {
    "token": "at",
    "2-gram": "at the end of",
    "3-gram": "at the end of",
    "after": "right after",
    "before": "right before",
}
_SEEN = str.maketrans({"\n": "↵", "\r": "␍", "\t": "⇥"})


def rule(kind: str, terms: Sequence[str]) -> str:
    """Such as: at “ France” or “ Japan”; right after “ in”; in prompts about Japan.

    kind, terms: of `neuron_descriptions`.
    """
    if kind == NONE:
        return NO_RULE
    if at := _AT.get(kind):
        return f"{at} {_listed([_quoted(term) for term in terms])}"
    if kind == "capital":
        named = {"capital": "capitals", "no capital": "other cities than capitals"}
        return f"in prompts about {_listed([named.get(term, term) for term in terms])}"
    of = "cities of " if kind == "population" else ""
    return f"in prompts about {of}{_listed(list(terms))}"


class _Letters(dict[int, str]):
    """A letter, mark or digit as it is, the accents of its decomposition left out; else a space."""

    def __missing__(self, code: int) -> str:
        c, kind = chr(code), unicodedata.category(chr(code))
        self[code] = "" if kind == "Mn" else c if kind[0] in "LMN" else " "
        return self[code]


_LETTERS = _Letters()
# Letters without a decomposition, as the macro `fold` has them.
_LETTERS.update({ord(a): b for a, b in zip("łøđðħŧı", "loddhti", strict=True)})


def searched(rule: str) -> str:
    """The words of a rule, as the macro `spaced` gives those that are searched for."""
    letters = unicodedata.normalize("NFD", rule.lower()).translate(_LETTERS)
    return f" {' '.join(letters.split())} "


def _quoted(token: str) -> str:
    return f"“{token.translate(_SEEN)}”"


def _listed(words: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
