"""A journal of fetched pages: each is written through as it arrives, and a kill tears none.

Every run appends to a file of its own, an Arrow stream with one batch per page. A stream whose
writer was killed reads fine up to its last whole batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from kn_assets.lake import said_plainly
from kn_assets.lake.schema import TABLES

SCHEMA = TABLES["pages"].schema
_SUFFIX = ".pages.arrows"


class Journal:
    """Appends rows of `pages` to a new file of a folder. Raises KnError on a full disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        last = max((int(p.name.split(".")[0]) for p in folder.glob(f"*{_SUFFIX}")), default=0)
        self._path = folder / f"{last + 1:06}{_SUFFIX}"

    def __enter__(self) -> Self:
        with said_plainly(self._folder):
            # Unbuffered: a batch that was written survives a SIGKILL of this process.
            self._file = self._path.open("xb", buffering=0)
            self._stream = pa.ipc.new_stream(self._file, SCHEMA)
        return self

    def append(self, row: dict[str, Any]) -> None:
        """Write one page through to the system."""
        batch = pa.RecordBatch.from_pylist([row], schema=SCHEMA)
        with said_plainly(self._folder):
            self._stream.write_batch(batch)

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        if kind is None:
            with said_plainly(self._folder):
                self._stream.close()
        self._file.close()


def batches(folder: Path) -> Iterator[pa.RecordBatch]:
    """The batches of all journals of a folder, oldest first, up to where a kill cut each of them.

    The files are mapped, not read: pages cost memory only where they are looked at.
    """
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        if path.stat().st_size == 0:
            continue  # nothing to map: killed before the first byte
        with pa.memory_map(str(path)) as file:
            try:
                reader = pa.ipc.open_stream(file)
                while True:
                    yield reader.read_next_batch()
            except (StopIteration, pa.ArrowInvalid, OSError):
                continue  # the end, or where the writer was killed


def rows(folder: Path) -> Iterator[dict[str, Any]]:
    """The rows of `batches`, with their pages."""
    for batch in batches(folder):
        yield from batch.to_pylist()


def clear(folder: Path) -> None:
    """Remove the journals, once their pages are in the table."""
    for path in folder.glob(f"*{_SUFFIX}"):
        path.unlink()
