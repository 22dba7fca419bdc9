"""The words over the tokens of a fact's prompt, of which the lake knows the roles alone.

A token is part of a word or a whole one: where a part of the prompt has as many tokens as words,
each is a word; elsewhere one label is of all tokens of that part, since where they end isn't known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Label:
    """What stands over the tokens `start` to `end` (exclusive)."""

    text: str
    start: int
    end: int


def labels(text: str, subject: str, roles: Sequence[str]) -> list[Label]:
    """Labels of all tokens, in order. roles: of each token, as in `unit_attributions`."""
    at = text.find(subject)
    end = at + len(subject)
    parts = [text[:at], text[at:end], text[end:]] if at >= 0 else ["", text, ""]
    before = sum(role == "before" for role in roles)
    through = before + sum(role.startswith("subject") for role in roles)
    if through == len(roles) - 1 and not parts[2].split():  # the subject's end is the prompt's
        through = len(roles)
    edges = [0, before, through, len(roles)]
    found: list[Label] = []
    for part, start, stop in zip(parts, edges, edges[1:], strict=False):
        found += _of_part(part.split(), start, stop)
    return found


def _of_part(words: list[str], start: int, end: int) -> list[Label]:
    if start == end:
        return []
    if len(words) == end - start:
        return [Label(word, start + i, start + i + 1) for i, word in enumerate(words)]
    return [Label(" ".join(words) or "begin", start, end)]
