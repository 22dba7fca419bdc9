"""Rows of a query as text: an aligned table, CSV or JSON."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from kn_assets.errors import KnError

_WIDEST = 60
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\)")

Rows = Sequence[Sequence[Any]]


def format_rows(columns: list[str], types: list[str], rows: Rows, fmt: str) -> str:
    """Tell rows as `table`, `csv` or `json`. Raises KnError for another format."""
    formats: dict[str, Callable[[list[str], list[str], Rows], str]] = {
        "table": _table,
        "csv": _csv,
        "json": _json,
    }
    if fmt not in formats:
        raise KnError(f"there is no format {fmt!r}: choose one of {', '.join(formats)}")
    return formats[fmt](columns, types, rows)


def _table(columns: list[str], types: list[str], rows: Rows) -> str:
    from wcwidth import ljust, rjust, width

    if columns == ["explain_key", "explain_value"]:
        return "\n".join(row[1] for row in rows)  # a drawing, which a cell would destroy
    cells = [[_cell(v) for v in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(columns, *cells, strict=True)]
    aligned = [rjust if _NUMBER.fullmatch(t) else ljust for t in types]

    def line(texts: Sequence[str]) -> str:
        placed = (align(t, w) for align, t, w in zip(aligned, texts, widths, strict=True))
        return "  ".join(placed).rstrip()

    return "\n".join([line(columns), line(["-" * w for w in widths]), *map(line, cells)])


def _cell(value: Any) -> str:
    if value is None:
        text = "NULL"
    elif isinstance(value, float):
        text = f"{value:.6g}"
    elif isinstance(value, list | dict):
        text = json.dumps(plain(value), ensure_ascii=False)
    else:
        text = str(plain(value))
    text = "".join(_visible(c) for c in text)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _visible(char: str) -> str:
    """A terminal must not act on what a token holds: control and direction marks are escaped."""
    return char if unicodedata.category(char) not in ("Cc", "Cf", "Cs") else ascii(char)[1:-1]


def _csv(columns: list[str], types: list[str], rows: Rows) -> str:
    cells = (
        [json.dumps(v, ensure_ascii=False) if isinstance(v, list | dict) else v for v in values]
        for values in ([plain(v) for v in row] for row in rows)
    )
    return "".join(csv_lines(columns, cells)).removesuffix("\n")


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A CSV file line by line, its head first; nulls are empty."""
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    for row in itertools.chain([columns], rows):
        line.seek(0)
        line.truncate()
        writer.writerow(row)
        yield line.getvalue()


def _json(columns: list[str], types: list[str], rows: Rows) -> str:
    objects = [dict(zip(columns, (plain(v) for v in row), strict=True)) for row in rows]
    return json.dumps(objects, ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """A value of a row as JSON knows it; NaN and infinities, which it doesn't, become null."""
    found: Any
    match value:
        case None | bool() | int() | str():
            found = value
        case float():
            found = value if math.isfinite(value) else None
        case Decimal():
            found = int(value) if value == value.to_integral_value() else float(value)
        case list() | tuple():
            found = [plain(v) for v in value]
        case dict():
            found = {str(k): plain(v) for k, v in value.items()}
        case bytes():
            found = value.hex()
        case datetime() | date() | time():
            found = value.isoformat()
        case _:
            found = str(value)
    return found
