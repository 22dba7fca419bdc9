"""Rows of a CSV, JSONL or Parquet file, with the file's faults told by their line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kn_assets.errors import KnError

Rows = Iterator[tuple[int, dict[str, Any]]]
"""Line or row number from 1, and the row by the file's own column names."""

Check = Callable[[list[str]], None]
"""Called once with the names of the columns, before the first row is given."""


def read(path: Path, check: Check) -> Rows:
    """The rows of a file whose ending is one of `READERS`.

    Raises KnError for an unknown ending, a file that isn't there or can't be read, text that isn't
    UTF-8 and a malformed line.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise KnError(
            f"can't tell the format of {path} by its ending: use one of {', '.join(READERS)}"
        )
    if not path.is_file():
        raise KnError(f"there is no file {path}: give the path of a CSV, JSONL or Parquet file")
    try:
        yield from reader(path, check)
    except UnicodeDecodeError as e:
        raise KnError(f"{path} isn't UTF-8 text: save it as UTF-8 and run again") from e
    except OSError as e:
        raise KnError(f"can't read {path}: {e.strerror or e}") from e


def _csv(path: Path, check: Check) -> Rows:
    limit = csv.field_size_limit(1 << 30)
    try:
        with path.open(encoding="utf-8-sig", newline="") as f:
            reader = csv.DictReader(f, strict=True)
            check(list(reader.fieldnames or []))
            for row in reader:
                if None in row or None in row.values():
                    said = "more" if None in row else "fewer"
                    raise KnError(f"{path}, line {reader.line_num}: {said} fields than the header")
                yield reader.line_num, row
    except csv.Error as e:
        # DictReader counts a line only once it has been read without error.
        raise KnError(f"{path}, line {reader.reader.line_num}: {e}") from e
    finally:
        csv.field_size_limit(limit)


def _jsonl(path: Path, check: Check) -> Rows:
    with path.open(encoding="utf-8-sig") as f:
        checked = False
        for number, line in enumerate(f, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as e:
                raise KnError(f"{path}, line {number}: no JSON ({e.msg}, column {e.colno})") from e
            except (RecursionError, ValueError) as e:
                # Nested thousands deep, or a number of thousands of digits.
                raise KnError(f"{path}, line {number}: JSON that Python can't hold") from e
            if not isinstance(row, dict):
                raise KnError(f"{path}, line {number}: a JSON object is needed in each line")
            if not checked:
                check(list(row))
                checked = True
            yield number, row


def _parquet(path: Path, check: Check) -> Rows:
    try:
        file = pq.ParquetFile(path)
        check(file.schema_arrow.names)
        number = 0
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except pa.ArrowInvalid as e:
        raise KnError(
            f"{path} is no Parquet file, or a damaged one: {str(e).splitlines()[0]}"
        ) from e


READERS: dict[str, Callable[[Path, Check], Rows]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".parquet": _parquet,
}
"""File ending -> reader."""
