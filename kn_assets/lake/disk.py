"""The lake's disk: room on it, small files renamed into place, its errors in plain words."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from kn_assets.errors import KnError

RESERVE = 64 << 20  # bytes left free for everyone else who writes there, Dagster's log first

_UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)
_FULL = ("no space left on device", "disk is full", "os error 28", "errno 28", "os error 122")
_FAILED = ("unexpected pos", "failed writing file", "disk i/o error")


class FullDisk(KnError):
    """That the disk is full where `place` lies; `variable` is what moves that folder."""

    def __init__(self, place: Path, variable: str) -> None:
        self.place = place
        super().__init__(
            f"the disk of {place} is full: free some space or set {variable} to another folder, "
            "then rerun the same command to resume"
        )


def check_room(root: Path) -> None:
    """Raise KnError where the disk is as good as full: better before work than within it."""
    if free(root) < RESERVE:
        raise FullDisk(root, "KN_DATA")


def free(place: Path) -> int:
    """Bytes free on the disk where a folder lies, or would if it were made."""
    return shutil.disk_usage(next(p for p in (place, *place.parents) if p.exists())).free


def write_text(path: Path, text: str) -> None:
    """Write a small file under a temporary name and rename it into place."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


@contextlib.contextmanager
def said_plainly(root: Path) -> Iterator[None]:
    """Turn the system's errors about the lake's disk into one line that says what to do.

    Those of libraries too which tell of a full disk in words of their own.
    """
    try:
        yield
    except KnError:
        raise
    except Exception as e:
        if any(is_full(root, error) for error in chain(e)):
            raise FullDisk(root, "KN_DATA") from e
        if isinstance(e, OSError) and e.errno in _UNWRITABLE:
            raise KnError(
                f"can't write to {root} ({e.strerror}): make it writable or set KN_DATA to a "
                "folder that is"
            ) from e
        raise


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came of, the first cause last."""
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:  # contexts may run in circles
        seen.append(found)
        yield found
        found = found.__cause__ or found.__context__


def is_full(root: Path, error: BaseException) -> bool:
    """Whether an error comes of a full disk.

    safetensors, torch and SQLite don't hand the system's number on. The last two say no more than
    that writing failed: it is taken for that where no room is left.
    """
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    text = str(error).lower()
    if any(words in text for words in _FULL):
        return True
    failed = any(words in text for words in _FAILED)
    return failed and free(root) < RESERVE
