"""The lake's disk: room on it, small files renamed into place, its errors in plain words."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from kn_assets.errors import KnError

RESERVE = 64 << 20  # bytes left free for everyone else who writes there, Dagster's log first


def check_room(root: Path) -> None:
    """Raise KnError where the disk is as good as full: better before work than within it."""
    if shutil.disk_usage(root).free < RESERVE:
        raise _full(root)


def write_text(path: Path, text: str) -> None:
    """Write a small file under a temporary name and rename it into place."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


@contextlib.contextmanager
def said_plainly(root: Path) -> Iterator[None]:
    """Turn the system's errors about the lake's disk into one line that says what to do."""
    try:
        yield
    except OSError as e:
        if e.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _full(root) from e
        if e.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise KnError(
                f"can't write to {root} ({e.strerror}): make it writable or set KN_DATA to a "
                "folder that is"
            ) from e
        raise


def _full(root: Path) -> KnError:
    return KnError(
        f"the disk of {root} is full: free some space or set KN_DATA to another folder, then "
        "rerun the same command to resume"
    )
