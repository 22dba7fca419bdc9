"""The corpus of a user's own file: CSV, JSONL or Parquet with at least a name and a text column."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from kn_assets.corpora import table_file
from kn_assets.errors import KnError
from kn_assets.lake import corpus
from kn_assets.lake.schema import TABLES
from kn_assets.progress import Progress

MAX_CHARACTERS = 1000
RESERVED = ("wikipedia", "geonames")

# Column of the lake -> names it may have in a file, the likeliest first; case doesn't count.
COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("name", "city", "title", "label", "entity", "subject"),
    "text": ("text", "description", "prompt", "content", "summary", "intro", "extract", "body"),
    "city_id": ("city_id", "geonameid", "geonames_id"),
    "country": ("country", "country_name"),
    "country_code": ("country_code", "countrycode", "iso2"),
    "continent": ("continent",),
    "population": ("population", "inhabitants"),
    "is_capital": ("is_capital",),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng"),
    "url": ("url", "link", "page"),
    "source": ("source", "licence", "license"),
    "alternate_names": ("alternate_names", "alternatenames", "aliases"),
}
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0", "")


def read(path: str | Path, progress: Progress | None = None) -> tuple[pa.Table, pa.Table]:
    """The tables `cities` and `prompts` of a file, in its order: a row of each for each text.

    Texts are NFC-normalized, white space is folded, and the first 1,000 characters are kept without
    cutting a letter from its marks. Rows without a text are left out, and `progress` says how many.
    Columns other than name and text are optional (`COLUMNS` lists the names they may have).
    `city_id` is the file's where every row has its own, else the place in the list.

    Raises KnError for a file that can't be read so, with the line at fault where there is one.
    """
    path = Path(path).expanduser()
    rows: list[dict[str, Any]] = []
    dropped = 0
    for number, raw in table_file.read(path, lambda found: _check_columns(path, found)):
        row = _row(path, number, raw)
        if row["text"]:
            rows.append(row)
        else:
            dropped += 1
    if not rows:
        raise KnError(f"{path} has no row with a text: a corpus needs at least one")
    if dropped and progress:
        progress.say(f"{path.name}: skipped {dropped} of {dropped + len(rows)} rows without a text")
    return _cities(rows, path.name), _prompts(rows)


def key(path: str | Path) -> str:
    """The corpus' key: the file's name without its ending, other than [A-Za-z0-9._@+-] as `-`.

    Raises KnError where nothing is left of it, or where it is the name of a built-in corpus.
    """
    stem = Path(path).stem
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    found = re.sub(r"[^A-Za-z0-9._@+-]+", "-", plain).lstrip("._@+-").rstrip("-")
    if not found:
        raise KnError(f"the name {stem!r} can't name a corpus: rename the file to a few letters")
    if found.lower() in RESERVED:
        raise KnError(f"{found!r} is the name of a corpus that is built in: rename the file")
    return corpus(found).key


def _check_columns(path: Path, found: list[str]) -> None:
    known = {name.strip().lower() for name in found}
    for column in ("name", "text"):
        if not known & set(COLUMNS[column]):
            raise KnError(
                f"{path} has no {column} column (found: {', '.join(found) or 'none'}): "
                f"call it {' or '.join(COLUMNS[column][:3])}"
            )


def _row(path: Path, number: int, raw: dict[str, Any]) -> dict[str, Any]:
    """The row under the lake's column names with the lake's types; absent values are None."""
    lower = {name.strip().lower(): value for name, value in raw.items()}
    row: dict[str, Any] = {}
    for column, names in COLUMNS.items():
        value = next((lower[n] for n in names if not _absent(lower.get(n))), None)
        try:
            row[column] = None if value is None else _CASTS.get(column, _text)(value)
        except (TypeError, ValueError, OverflowError) as e:
            raise KnError(f"{path}, line {number}: {column} can't be {str(value)[:40]!r}") from e
    row["text"] = clip(row["text"] or "")
    row["name"] = row["name"] or f"row {number}"
    return row


def _absent(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _text(value: Any) -> str:
    if not isinstance(value, str | int | float):
        raise TypeError
    # A lone surrogate, which JSON can spell, is no text that a tokenizer or Parquet could take.
    whole = str(value).encode("utf-8", "replace").decode()
    return " ".join(unicodedata.normalize("NFC", whole).split())


def _whole(value: Any) -> int:
    number = float(str(value).replace(",", "").replace("_", ""))
    if number != int(number) or abs(number) >= 2**53:
        raise ValueError
    return int(number)


def _truth(value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in _TRUE + _FALSE:
        raise ValueError
    return word in _TRUE


def _degrees(value: Any, limit: float) -> float:
    number = float(value)
    if not -limit <= number <= limit:
        raise ValueError
    return number


def _names(value: Any) -> list[str]:
    parts = re.split(r"[;|]", value) if isinstance(value, str) else value
    return [name for name in map(_text, parts) if name]


_CASTS: dict[str, Callable[[Any], Any]] = {
    "city_id": _whole,
    "population": _whole,
    "is_capital": _truth,
    "latitude": partial(_degrees, limit=90),
    "longitude": partial(_degrees, limit=180),
    "alternate_names": _names,
}


def clip(text: str, limit: int = MAX_CHARACTERS) -> str:
    """The first `limit` characters, fewer where the cut would part a letter from its marks."""
    if len(text) <= limit:
        return text
    end = limit
    while end and (_joins(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    return text[: end or limit].rstrip()


def _joins(character: str) -> bool:
    """Whether a character belongs to the one before it: marks, joiners, emoji modifiers."""
    return (
        unicodedata.category(character) in ("Mn", "Mc", "Me")
        or character in "\u200d\ufe0e\ufe0f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def _ids(rows: list[dict[str, Any]]) -> list[int]:
    given = [row["city_id"] for row in rows]
    if None in given or len(set(given)) < len(given):
        return list(range(len(rows)))
    return given


def _cities(rows: list[dict[str, Any]], source: str) -> pa.Table:
    cities = [
        row
        | {"city_id": city_id, "source": row["source"] or source}
        | {"is_capital": bool(row["is_capital"]), "alternate_names": row["alternate_names"] or []}
        for city_id, row in zip(_ids(rows), rows, strict=True)
    ]
    return pa.Table.from_pylist(cities, schema=TABLES["cities"].schema)


def _prompts(rows: list[dict[str, Any]]) -> pa.Table:
    prompts = [
        {"prompt_id": n, "city_id": city_id, "text": row["text"]}
        for n, (city_id, row) in enumerate(zip(_ids(rows), rows, strict=True))
    ]
    return pa.Table.from_pylist(prompts, schema=TABLES["prompts"].schema)
