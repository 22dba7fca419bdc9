"""Fingerprints: short texts that change when what they are taken of does.

All are SHA-256. What a table is made of, and a table's content, is told by the first 16 hexadecimal
digits; a file by all 64. Equal texts mean equal sources for as long as a lake lives, so no function
here may ever give another text for the same input.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_DIGITS = 16


def of_bytes(content: bytes) -> str:
    """Of bytes: 16 digits."""
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


def of_json(value: Any, sort_keys: bool = False) -> str:
    """Of names, numbers and lists: 16 digits of their JSON. `sort_keys`: in any order of keys."""
    return of_bytes(json.dumps(value, sort_keys=sort_keys).encode())


def of_table(rows: pa.Table) -> str:
    """Of a table's rows in their order: 16 digits. Holds all of them as Python objects."""
    return of_bytes(json.dumps(rows.to_pylist(), default=str).encode())


def of_file(path: Path) -> str:
    """Of a file's content, read a piece at a time: all 64 digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
