"""The columns of a query as they can be read: what Arrow, Python or JSON would garble is text.

DuckDB has values that the others don't: integers of 128 bits, times with a zone or of 24:00, bits,
dates of the year 300000. They are asked for as DuckDB's own text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from kn_assets.errors import KnError

if TYPE_CHECKING:
    import duckdb

DEEPEST = 20
"""Types within types: one of 300 takes the process that shows it down."""

_NUMBERS = {
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    *("HUGEINT", "FLOAT", "DOUBLE", "BOOLEAN"),
}
_GARBLED = re.compile(r"\b(UHUGEINT|BIGNUM|BIT|DATE|TIME|TIMESTAMP|TIME_NS|INTERVAL|VARIANT)\b")
_NESTED = re.compile(r"(STRUCT|MAP|UNION)\(.*|.*\]", re.DOTALL)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")

Cell = Callable[[str, str], str]
"""The SQL of a column, by its name and its type's."""


class TypeTooDeep(KnError):
    """A column's type is nested more deeply than anything that is shown."""


def exact(name: str, kind: str) -> str:
    """What a table of Arrow holds exactly: other types as text, nested ones as JSON."""
    return _text(name, kind) if _GARBLED.search(_bare(kind)) else name


def short(longest: int) -> Cell:
    """Numbers, booleans and texts of at most `longest` characters, nested values as JSON."""

    def cell(name: str, kind: str) -> str:
        if kind in _NUMBERS:
            return name
        # Each item of a list takes a character or more: of millions most needn't be written.
        name = f"{name}[:{longest}]" if kind.endswith("[]") else name
        return f"left({_text(name, kind)}, {longest})"

    return cell


def whole(name: str, kind: str) -> str:
    """Numbers, booleans and texts, nested values as JSON."""
    return name if kind in _NUMBERS else _text(name, kind)


def change(
    cursor: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation, text: str, cell: Cell
) -> duckdb.DuckDBPyRelation:
    """The rows of `text`, which `relation` is, with each column as `cell` says.

    Raises TypeTooDeep.
    """
    kinds = [str(kind) for kind in relation.types]
    if any(_depth(kind) > DEEPEST for kind in kinds):
        raise TypeTooDeep(
            f"a column's type is nested more than {DEEPEST} deep: select a part of it"
        )
    names = [f"c{i}" for i in range(len(kinds))]
    cells = [cell(name, kind) for name, kind in zip(names, kinds, strict=True)]
    if cells == names:
        return relation
    return cursor.sql(f"SELECT {', '.join(cells)} FROM ({text}) AS t({', '.join(names)})")


def _text(name: str, kind: str) -> str:
    if kind == "BLOB":
        return f"lower(hex({name}))"
    if _NESTED.fullmatch(kind):
        return f"CAST(to_json({name}) AS VARCHAR)"
    return f"CAST({name} AS VARCHAR)"


def _depth(kind: str) -> int:
    """How deeply a type is nested, by its name."""
    bare = _bare(kind)
    deepest = depth = 0
    for char in bare:
        depth += (char == "(") - (char == ")")
        deepest = max(deepest, depth)
    return deepest + bare.count("[")


def _bare(kind: str) -> str:
    """A type's name without the names of fields and an ENUM's values."""
    return _QUOTED.sub("", kind)
