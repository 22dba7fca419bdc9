"""`kn` on a disk that somebody else fills up meanwhile, for tests of what it says then.

    python -m tests.launch.filling_run activations DISK BYTES --data lake run --model ...

Once the table's rows are written, before they become the table, DISK/ballast takes all that is free
on it but BYTES.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kn_assets.cli.parser import main
from kn_assets.lake import Lake, Partition


def fill(disk: Path, left: int) -> None:
    """Leave so many bytes of a disk, to the page."""
    with (disk / "ballast").open("ab") as ballast, contextlib.suppress(OSError):
        while True:
            os.write(ballast.fileno(), b"\0" * 4096)
    size = (disk / "ballast").stat().st_size
    os.truncate(disk / "ballast", size - left)


def fill_within(table: str, disk: Path, left: int) -> None:
    """Fill the disk once every lake is about to replace that table."""
    replacing = Lake.replacing

    @contextlib.contextmanager
    def filling(
        lake: Lake, partition: Partition, name: str, fingerprint: str, **notes: Any
    ) -> Iterator[Path]:
        with replacing(lake, partition, name, fingerprint, **notes) as folder:
            yield folder
            if name == table:
                fill(disk, left)

    Lake.replacing = filling  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    fill_within(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    sys.exit(main(sys.argv[4:]))
