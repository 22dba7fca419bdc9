"""How a table that was written under a temporary name comes into its place.

The rename is the commit. Two renames are needed to replace a folder, so `recover` finishes a
replacement that was killed between them.
"""

from __future__ import annotations

import shutil
from pathlib import Path


def commit(fresh: Path, place: Path) -> None:
    """Put the folder `fresh` in place of what is there."""
    old = place.with_name(f".old-{place.name}")
    if place.exists():
        remove(old)
        place.rename(old)
    fresh.rename(place)
    remove(old)


def recover(root: Path) -> None:
    """Finish or undo what a killed run left of its tables in the lake `root`."""
    for old in root.glob("*/*/.old-*"):
        place = old.with_name(old.name.removeprefix(".old-"))
        if place.exists():
            remove(old)
        else:
            old.rename(place)
    for fresh in root.glob("*/*/.new-*"):
        remove(fresh)


def remove(place: Path) -> None:
    """Remove a folder, or a file where one stands in its place."""
    if place.is_file() or place.is_symlink():
        place.unlink()
    else:
        shutil.rmtree(place, ignore_errors=True)
