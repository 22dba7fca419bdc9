"""Rows of a query as text: an aligned table, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import unicodedata
from collections.abc import Callable, Sequence
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
    if columns == ["explain_key", "explain_value"]:
        return "\n".join(row[1] for row in rows)  # a drawing, which a cell would destroy
    cells = [[_cell(v) for v in row] for row in rows]
    widths = [
        max([_width(name), *(_width(row[i]) for row in cells)]) for i, name in enumerate(columns)
    ]
    right = [_NUMBER.fullmatch(t) is not None for t in types]
    lines = [
        "  ".join(_padded(name, widths[i], right[i]) for i, name in enumerate(columns)).rstrip(),
        "  ".join("-" * w for w in widths),
    ]
    lines += ["  ".join(_padded(c, widths[i], right[i]) for i, c in enumerate(r)) for r in cells]
    return "\n".join(line.rstrip() for line in lines)


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


def _width(text: str) -> int:
    """Columns of a terminal that the text takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _csv(columns: list[str], types: list[str], rows: Rows) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        values = [plain(v) for v in row]
        writer.writerow(
            [json.dumps(v, ensure_ascii=False) if isinstance(v, list | dict) else v for v in values]
        )
    return out.getvalue().removesuffix("\n")


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
