"""A line of the sheet: what is known in words, where it leads, and the query that found it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ui.rows import Answer
from ui.sql.examples import literal

__all__ = ["Line", "call", "literal", "neuron_words", "percent", "plural", "quoted", "value_words"]


@dataclass(frozen=True)
class Line:
    """One thing that is known, or the reason why it isn't.

    leads: the change of what is on screen that opens it, in the address' own names; null where
    there is nothing to open. sql: the query behind it. live: opening it runs the model. asks: the
    fact that it opens wasn't asked, and is asked then where the model can be run.
    """

    words: str
    detail: str = ""
    leads: Answer | None = None
    sql: str | None = None
    live: bool = False
    asks: bool = False

    def told(self) -> Answer:
        return asdict(self)


def call(macro: str, *arguments: str | int | None, **named: str | int) -> str:
    """A query of a macro with its arguments as literals: what is run is what is shown."""
    given = [_literal(value) for value in arguments]
    given += [f"{name} := {_literal(value)}" for name, value in named.items()]
    return f"FROM {macro}({', '.join(given)})"


def _literal(value: str | int | None) -> str:
    if value is None:
        return "NULL"
    return literal(value) if isinstance(value, str) else str(value)


def neuron_words(row: Answer) -> str:
    return f"layer {row['layer']} · neuron {row['neuron']}"


def percent(share: float) -> str:
    """A share of 1 as a whole percentage; below one percent with its first digits."""
    value = 100 * share
    return f"{value:.0f} %" if value >= 1 or value == 0 else f"{value:.2g} %"


def value_words(attribute: str, value: str) -> str:
    """What has a value: "France", "capitals", "cities of 1 to 5 million"."""
    if attribute == "capital":
        return "capitals" if value == "capital" else "other cities than capitals"
    return f"cities of {value}" if attribute == "population" else value


def plural(n: int, one: str) -> str:
    return f"{n:,} {one}{'' if n == 1 else 's'}"


def quoted(tokens: Sequence[str], most: int = 4) -> str:
    """Tokens with their spaces seen, as the page sets them."""
    return ", ".join(f"“{token.replace(' ', '␣')}”" for token in tokens[:most])
