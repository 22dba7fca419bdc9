"""The first rows of a table as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

if TYPE_CHECKING:
    from kn_assets.lake import Lake, Partition

_LONGEST = 60  # characters of a text
_MARKUP = {c: f"\\{c}" for c in "\\|`*[]~$#"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_JOINERS = "\u200c\u200d"  # part of the spelling in many scripts, though they show nothing


def preview(lake: Lake, partition: Partition, table: str, rows: int = 5) -> str:
    """A Markdown table of the first rows, in which nothing of the data acts as markup.

    Floats have 4 digits, texts are cut after 60 characters, binary values are told by their size.
    Raises KnError where the table isn't there.
    """
    found: list[dict[str, Any]] = []
    names: list[str] = []
    for path in lake.files(partition, table):
        with pq.ParquetFile(path) as file:
            names = names or file.schema_arrow.names
            for batch in file.iter_batches(batch_size=max(1, rows)):
                found += batch.slice(0, rows - len(found)).to_pylist()
                if len(found) >= rows:
                    break
        if len(found) >= rows:
            break
    lines = [names, ["---"] * len(names), *([_cell(row[n]) for n in names] for row in found)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.4g}"
        case bytes():
            return f"{len(value):,} bytes"
        case list():
            return escaped(", ".join(str(v) for v in value))
        case _:
            return escaped(str(value))


def escaped(text: str) -> str:
    """Text for a cell of a Markdown table: cut, on one line, without markup or hidden letters."""
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    seen = "".join(c if c.isprintable() or c in _JOINERS else _named(c) for c in short)
    return "".join(_MARKUP.get(c, c) for c in seen)


def _named(letter: str) -> str:
    """A letter that would show nothing, or do something: `\\n`, `\\u202e`."""
    return letter.encode("unicode_escape").decode()
