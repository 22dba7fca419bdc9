"""`kn.duckdb`: the views and macros in a file for any DuckDB client, kept as the lake is."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from kn_assets.database import bound
from kn_assets.database.views import define, stamp
from kn_assets.errors import KnError
from kn_assets.lake import Lake, locks, write_text
from kn_assets.lake.fingerprint import of_json
from kn_assets.lake.json_text import parsed

_LOG = logging.getLogger(__name__)
_waiting: ContextVar[frozenset[Path]] = ContextVar("_waiting", default=frozenset())
"""Lakes whose views are written later."""


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
            connection = duckdb.connect(str(fresh))
            if not bound.copy_to(connection):
                connection.close()
                fresh.unlink()
                connection = duckdb.connect(str(fresh))
            with connection:
                define(connection, lake, lasting=True)
            fresh.replace(lake.database)
        finally:
            fresh.unlink(missing_ok=True)
        write_text(_note(lake), json.dumps({**_told(lake), "tables": _tables(lake)}))
    return lake.database


def keep_current(lake: Lake) -> None:
    """Write `kn.duckdb` again where it is missing, isn't the lake's own, or tables have come, gone
    or been written since. Raises like `build`.
    """
    if lake.root in _waiting.get():
        return
    told = _noted(lake)
    if (
        not is_own(lake)
        or told.get("tables") != _tables(lake)
        or any(written > lake.database.stat().st_mtime_ns for *_, written in stamp(lake))
    ):
        build(lake)


@contextlib.contextmanager
def kept_at_end(lake: Lake) -> Iterator[None]:
    """Within, `keep_current` waits: for many runs in turn, the views are written once at the end.

    Raises like `build`; where the work within fails, with its error alone.
    """
    if lake.root in _waiting.get():
        yield
        return
    token = _waiting.set(_waiting.get() | {lake.root})
    try:
        yield
    except BaseException:
        _waiting.reset(token)
        try:
            keep_current(lake)
        except KnError as e:  # most often of what the work failed by, as of a full disk
            _LOG.info("the views of the lake can't be written: %s", e)
        except Exception:
            _LOG.exception("the views of the lake can't be written")
        raise
    _waiting.reset(token)
    keep_current(lake)


def keep_own(lake: Lake) -> None:
    """Write `kn.duckdb` again where it isn't the lake's own, for those who only read: a lake that
    can't be written stays as it is, and what a run has made since is the run's to tell.
    """
    if not is_own(lake) and (lake.partitions("corpus") or lake.partitions("model")):
        with contextlib.suppress(KnError):
            build(lake)


def is_own(lake: Lake) -> bool:
    """Whether `kn.duckdb` is there as it was written, for the lake where it lies.

    That is noted beside it: its views hold absolute paths, which a copy of the lake keeps, so that
    it would show the other lake's rows.
    """
    try:
        return {**_noted(lake), "tables": None} == {**_told(lake), "tables": None}
    except FileNotFoundError:
        return False


def _note(lake: Lake) -> Path:
    return lake.root / ".database.json"


def _noted(lake: Lake) -> dict[str, object]:
    try:
        found = parsed(_note(lake).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _told(lake: Lake) -> dict[str, object]:
    """What tells a lake's own database: where the lake is, and the file itself."""
    found = lake.database.stat()
    return {"lake": str(lake.root), "bytes": found.st_size, "written": found.st_mtime_ns}


def _tables(lake: Lake) -> str:
    return of_json([(name, key) for name, key, _ in stamp(lake)])
