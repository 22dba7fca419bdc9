"""`kn.duckdb`: the views and macros in a file for any DuckDB client, kept as the lake is."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from kn_assets.database.views import define, stamp
from kn_assets.errors import KnError
from kn_assets.lake import Lake, locks, write_text
from kn_assets.lake.fingerprint import of_json


def build(lake: Lake) -> Path:
    """Write `kn.duckdb` under a temporary name and rename it into place; returns its path.

    Its views hold absolute paths, so that it can be opened from any folder. Raises KnError where
    the lake can't be written.
    """
    import duckdb

    lake.make(lake.root)
    fresh = lake.database.with_name(f".{lake.database.name}.new")
    with locks.committing(lake.root):  # one at a time
        fresh.unlink(missing_ok=True)
        try:
            with duckdb.connect(str(fresh)) as connection:
                define(connection, lake, lasting=True)
            fresh.replace(lake.database)
        finally:
            fresh.unlink(missing_ok=True)
        write_text(_note(lake), json.dumps(_told(lake)))
    return lake.database


def keep_current(lake: Lake) -> None:
    """Write `kn.duckdb` again where it is missing, isn't what was written for the lake as it lies
    here (another lake's file, a copy of it), or is older than a table. Raises like `build`.
    """
    if not is_own(lake) or any(written > _built(lake) for *_, written in stamp(lake)):
        build(lake)


def is_own(lake: Lake) -> bool:
    """Whether `kn.duckdb` is there and was written for the lake where it lies, with these tables.

    What it was written over is noted beside it: its views hold absolute paths, which a copy of the
    lake keeps, so that it would show the other lake's rows.
    """
    try:
        return bool(json.loads(_note(lake).read_text(encoding="utf-8")) == _told(lake))
    except (OSError, ValueError):
        return False


def _note(lake: Lake) -> Path:
    return lake.root / ".database.json"


def _told(lake: Lake) -> dict[str, object]:
    """What tells a lake's own database: where the lake is, which tables it has, the file itself."""
    found = lake.database.stat()
    tables = of_json([(name, key) for name, key, _ in stamp(lake)])
    return {
        "lake": str(lake.root),
        "tables": tables,
        "bytes": found.st_size,
        "written": found.st_mtime_ns,
    }


def _built(lake: Lake) -> int:
    return lake.database.stat().st_mtime_ns


def keep_current_if_possible(lake: Lake) -> None:
    """As `keep_current`, for those who only read: a lake that can't be written stays as it is."""
    if (lake.root / "atlas").is_dir() or (lake.root / "corpus").is_dir():
        with contextlib.suppress(KnError):
            keep_current(lake)
