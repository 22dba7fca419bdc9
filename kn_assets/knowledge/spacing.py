"""What stands between a prompt and its answer as people write it: a space, or nothing.

By the characters on either side alone, so that every model is asked the same text. Nothing stands
there

- where the prompt ends in white space already;
- after an opening bracket or quotation mark, a hyphen or dash that touches a word, an apostrophe
  as in `l'`, a currency sign, and `/ \\ # @ _ ~ ^`;
- after a letter or mark of a script that writes no spaces between words: those whose lines break
  anywhere or by dictionary (Unicode Standard Annex 14, classes ID, CJ and SA);
- before what is written to the end of a word: `%`, a closing bracket, a full stop, a comma.

Everywhere else there is a space, as between an English sentence and a Japanese name.
"""

from __future__ import annotations

import unicodedata

_JOINS_NEXT = frozenset("/\\#@_~^")
_JOINS_BEFORE = frozenset("%‰.,;:!?°…、。，．：；！？％")
_QUOTES = frozenset("\"'`")
_UNSPACED = (
    "CJK ",
    "HIRAGANA ",
    "KATAKANA",
    "BOPOMOFO ",
    "IDEOGRAPHIC ",
    "FULLWIDTH ",
    "HALFWIDTH ",
    "YI SYLLABLE ",
    "THAI ",
    "LAO ",
    "KHMER ",
    "MYANMAR ",
    "TAI ",
)


def between(prompt: str, answer: str) -> str:
    """A space, or nothing. prompt: not empty; answer: not empty, begins with no white space."""
    first = answer[0]
    joins = first in _JOINS_BEFORE or unicodedata.category(first) in ("Pe", "Pf")
    return "" if joins or _joins(prompt, first) else " "


def _joins(prompt: str, first: str) -> bool:
    """Whether what ends like `prompt` is written right before a text that begins with `first`."""
    last, before = prompt[-1], prompt[-2:-1]
    kind = unicodedata.category(last)
    if kind == "Pd":  # a dash between spaces is one between clauses, unless it is a minus
        return first.isdigit() or not before.isspace()
    if last in "'’":
        return _opens(prompt) or (before.isalpha() and before.casefold() != "s")
    if last in _QUOTES:
        return _opens(prompt)
    return (
        last.isspace()
        or last in _JOINS_NEXT
        or kind in ("Ps", "Pi", "Sc")
        or unicodedata.name(last, "").startswith(_UNSPACED)
    )


def _opens(prompt: str) -> bool:
    """Whether the quotation mark at the end of a prompt opens: it begins a word, and no other like
    it is open."""
    before = prompt[-2:-1]
    begins = not before or before.isspace() or unicodedata.category(before) in ("Ps", "Pi", "Pd")
    return begins or (prompt[-1] == '"' and prompt.count('"') % 2 == 1)
