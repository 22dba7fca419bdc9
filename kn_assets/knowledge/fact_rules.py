"""Which facts and prompts of a file can be asked, and in which words: the others are counted.

As among the corpus' own facts, left out are prompts and facts

- whose answer stands in the question (`Milan Province` -> `Milan`), which copying answers
  (Poerner et al. 2020);
- which aren't the only answer: all facts of a relation and subject that has several objects.

An object that is a list is its first item; the others are its aliases. Only the object itself is
asked for, so an alias as the model's answer doesn't count; a question in which an alias stands is
left out too.
"""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from math import isnan
from typing import Any

from kn_assets.errors import KnError
from kn_assets.knowledge.facts import Fact, tells_itself

OPEN = "prompts that don't end with the object"
COPIED = "facts whose answer stands in the subject or the other way round"
IN_PROMPT = "prompts in which the answer stands"
SEVERAL = "facts whose subject has several objects"


@dataclass
class Told:
    """The facts of a file, told wording by wording; `left_out`: reason -> how many."""

    _texts: dict[tuple[str, str, str], dict[str, None]] = field(default_factory=dict)
    _aliases: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, relation: str, subject: str, names: list[str], texts: list[str]) -> None:
        """A fact's further wordings; names: its object, then the object's aliases."""
        key = (relation, subject, names[0])
        self._texts.setdefault(key, {}).update(dict.fromkeys(texts))
        self._aliases.setdefault(key, set()).update(names)

    def facts(self) -> list[Fact]:
        """Those that can be asked, in the order in which they were told; counts the others."""
        objects: dict[tuple[str, str], set[str]] = {}
        for relation, subject, name in self._texts:
            objects.setdefault((relation, subject.casefold()), set()).add(name.casefold())
        found = []
        for (relation, subject, name), texts in self._texts.items():
            if len(objects[relation, subject.casefold()]) > 1:
                self.left_out[SEVERAL] += 1
                continue
            names = self._aliases[relation, subject, name]
            if any(tells_itself(subject, n) for n in names):
                self.left_out[COPIED] += 1
                continue
            kept = tuple(t for t in texts if not any(stands_in(n, t) for n in names))
            self.left_out[IN_PROMPT] += len(texts) - len(kept)
            if kept:
                found.append(Fact(relation, subject, name, kept))
        return found

    def words(self) -> str:
        """What was left out, empty where nothing was."""
        return ", ".join(f"{n} {why}" for why, n in self.left_out.items() if n)


def stands_in(name: str, text: str) -> bool:
    """Whether a name stands in a text, not as a part of another word; case doesn't count."""
    found = rf"(?<!\w){re.escape(name.casefold())}(?!\w)"
    return re.search(found, text.casefold()) is not None


def named(value: Any, what: str, where: str) -> list[str]:
    """A subject's or an object's name and its aliases, out of a cell of a file; [] where it is
    empty.

    A text that spells a list, in JSON or as Python prints it, is one. Raises KnError, saying
    `where`, for what is no text, number or list of them.
    """
    parts = value
    if isinstance(value, str) and value.strip()[:1] in "[{" and value.strip():
        parts = _spelled(value.strip())
    given = list(parts) if isinstance(parts, list | tuple) else [parts]
    for part in given:
        if isinstance(part, bool) or not isinstance(part, str | int | float | None):
            shown = str(value)[:40]
            raise KnError(f"{where}: the {what} can't be {shown}: give a text, or a list of texts")
    texts = [" ".join(str(part).split()) for part in given if not _is_missing(part)]
    return list(dict.fromkeys(text for text in texts if text))


def _is_missing(part: object) -> bool:
    return part is None or (isinstance(part, float) and isnan(part))


def _spelled(text: str) -> Any:
    """The list or dictionary that a text spells, else the text."""
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, list | tuple | dict):
            return found
    return text
