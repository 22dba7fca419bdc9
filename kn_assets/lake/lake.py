"""The lake: where tables lie, and how they are written so that a killed run leaves no half of one.

A table of a partition is a folder of Parquet files with a `_table.json` beside them. It is written
under a temporary name and renamed into place (`kn_assets.lake.commits`).

One process writes at a time (`kn_assets.lake.locks`). A table whose files aren't those that were
written (`kn_assets.lake.contents`) is damaged: it is read by nobody, and made again.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from kn_assets.errors import KnError
from kn_assets.lake import commits, contents, locks
from kn_assets.lake.disk import RESERVE, check_room, said_plainly, write_text
from kn_assets.lake.parquet import TableFile
from kn_assets.lake.partition import Partition, corpus, damaged, model, outdated
from kn_assets.lake.places import Places
from kn_assets.lake.schema import ALL

__all__ = [
    "RESERVE",
    "Lake",
    "Partition",
    "corpus",
    "damaged",
    "model",
    "outdated",
    "said_plainly",
    "write_text",
]

FAILED_CHECKS = "failed_checks"
"""In a table's note: the names of its checks that failed; null as long as they are to come."""


class Lake(Places):
    """A folder of tables. `root` defaults to `$KN_DATA`, or `data` where that isn't set.

    checked: tables written through this lake await their checks, see `note_checks`.
    """

    def __init__(self, root: str | Path | None = None, checked: bool = False) -> None:
        super().__init__(root)
        self.checked = checked

    # -- what is there --------------------------------------------------------------------------

    def meta(self, partition: Partition, name: str) -> dict[str, Any] | None:
        """What was noted when the table was written (`fingerprint`, `rows`, ...), else None.

        None too where the note can't be read. It doesn't tell whether the files are well: see
        `damage`.
        """
        return contents.read_note(self.table(partition, name))

    def damage(self, partition: Partition, name: str) -> str | None:
        """What is wrong with a table's note and files, in words; None where nothing is, or where
        there is no table. As far as can be told by sizes.
        """
        return contents.damage(self.table(partition, name))

    def verify(
        self, partition: Partition, name: str, advance: Callable[[int], None] = lambda read: None
    ) -> str | None:
        """As `damage`, by checksums too: reads all of the table. What is found stays noted where
        the lake can be written, so that the table counts as damaged from then on.
        """
        if what := self.damage(partition, name):
            return what
        folder = self.table(partition, name)
        note = contents.read_note(folder)
        what = next(contents.differences(folder, advance), None)
        if what and note:
            with contextlib.suppress(KnError):
                self.note(partition, name, {contents.DAMAGED: what}, of=note)
        return what

    def look_into(self, partition: Partition, name: str) -> None:
        """Let what of a table can't be read be `damage` in this process, though it has its size."""
        contents.look_into(self.table(partition, name))

    def read(self, partition: Partition, name: str, columns: list[str] | None = None) -> pa.Table:
        """A whole table as Arrow, in the order of its files.

        Raises KnError where the table isn't there or is damaged, or an earlier version of this
        project wrote it without a column that is asked for.
        """
        import pyarrow.parquet as pq

        with _read_plainly(partition, name):
            files = [pq.ParquetFile(f) for f in self.files(partition, name)]
            lacking = set(columns or ALL[name].names) - set(files[0].schema_arrow.names)
            if lacking:
                raise KnError(outdated(partition, name, lacking))
            return pa.concat_tables([f.read(columns=columns, use_threads=True) for f in files])

    def lacking(self, partition: Partition, name: str) -> set[str]:
        """Columns of a table that its files lack, since an earlier version wrote them."""
        import pyarrow.parquet as pq

        return set(ALL[name].names) - set(pq.read_schema(self.files(partition, name)[0]).names)

    def pieces(
        self, partition: Partition, name: str, columns: list[str], rows: int
    ) -> Iterator[pa.RecordBatch]:
        """A table piece by piece, of so many rows at most: for what needn't be held as a whole.

        Raises KnError where the table isn't there or is damaged.
        """
        import pyarrow.parquet as pq

        for path in self.files(partition, name):
            with _read_plainly(partition, name), pq.ParquetFile(path, buffer_size=1 << 16) as file:
                yield from file.iter_batches(rows, columns=columns, use_threads=False)

    def files(self, partition: Partition, name: str) -> list[Path]:
        """The table's Parquet files in order. Raises KnError where there are none, or where they
        aren't those that were written.
        """
        if what := self.damage(partition, name):
            raise KnError(damaged(partition, name, what))
        files = sorted(self.table(partition, name).glob("*.parquet"))
        if not files:
            raise KnError(f"there is no table {name} for {partition} yet: `kn run` makes it")
        return files

    # -- writing --------------------------------------------------------------------------------

    def check_room(self) -> None:
        """Raise KnError where the disk is as good as full."""
        check_room(self.root)

    @contextlib.contextmanager
    def replacing(
        self, partition: Partition, name: str, fingerprint: str, **notes: Any
    ) -> Iterator[Path]:
        """Give a new folder to fill with `*.parquet`; on success it becomes the table.

        On an exception the folder is removed and the old table stays. `notes` go to `_table.json`,
        where `fingerprint` says what the table was made of.
        """
        import pyarrow.parquet as pq

        place = self.table(partition, name)
        fresh = place.with_name(f".new-{name}")
        with self.writing(), said_plainly(self.root):
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.parent.mkdir(parents=True, exist_ok=True)
            self.check_room()
            fresh.mkdir()
            try:
                yield fresh
                rows = sum(pq.read_metadata(f).num_rows for f in fresh.glob("*.parquet"))
                note = {
                    "table": name,
                    "fingerprint": fingerprint,
                    "rows": rows,
                    "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
                    **({FAILED_CHECKS: None} if self.checked else {}),
                    **notes,
                    contents.FILES: contents.listed(fresh),
                }
                contents.write_note(fresh, note)
                with locks.committing(self.root):
                    commits.commit(fresh, place)
            except BaseException:
                shutil.rmtree(fresh, ignore_errors=True)
                raise

    def write(
        self,
        partition: Partition,
        name: str,
        data: pa.Table | Iterable[pa.Table | pa.RecordBatch],
        fingerprint: str,
        **notes: Any,
    ) -> int:
        """Replace a table by `data` in one file; returns its number of rows."""
        with (
            self.replacing(partition, name, fingerprint, **notes) as folder,
            TableFile(folder / "part-0.parquet", name) as file,
        ):
            for rows in [data] if isinstance(data, pa.Table) else data:
                file.write(rows)
        return file.rows

    def note_checks(self, partition: Partition, name: str, failed: list[str]) -> None:
        """Note which blocking checks of a table failed, none where all passed."""
        self.note(partition, name, {FAILED_CHECKS: failed})

    def note(
        self,
        partition: Partition,
        name: str,
        notes: Mapping[str, Any],
        of: Mapping[str, Any] | None = None,
    ) -> None:
        """Note more about a table that is there; where `of` is given, only as long as that is its
        note: no run has replaced the table meanwhile. Raises KnError where the lake can't be
        written.
        """
        with locks.committing(self.root), said_plainly(self.root):
            there = self.meta(partition, name) or {}
            if of is None or of == there:
                contents.write_note(self.table(partition, name), {**there, **notes})

    def remove(self, partition: Partition, name: str) -> None:
        """Remove a table, if it is there."""
        with self.writing(), locks.committing(self.root):
            commits.remove(self.table(partition, name))

    def writing(
        self, wait: bool = True, say: Callable[[str], None] | None = None
    ) -> contextlib.AbstractContextManager[None]:
        """Be the lake's one writer while open, see `locks.writing`."""
        return locks.writing(self.root, wait, say)

    def recover(self) -> None:
        """Finish or undo what a killed run left; waits until no other process writes."""
        with self.writing(), locks.committing(self.root):
            commits.recover(self.root)


@contextlib.contextmanager
def _read_plainly(partition: Partition, name: str) -> Iterator[None]:
    """Errors of reading a table's files as one line."""
    try:
        yield
    except (pa.ArrowException, OSError) as e:
        what = str(e).splitlines()[0] if str(e) else type(e).__name__
        raise KnError(damaged(partition, name, what)) from e
