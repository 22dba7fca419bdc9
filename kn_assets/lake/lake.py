"""The lake: where tables lie, and how they are written so that a killed run leaves no half of one.

A table of a partition is a folder of Parquet files with a `_table.json` beside them. It is written
under a temporary name and renamed into place; the rename is the commit. Two renames are needed to
replace an existing folder, so `recover` finishes a replacement that was killed between them.

One process writes at a time (`kn_assets.lake.locks`). A table whose files aren't those that were
written (`kn_assets.lake.contents`) is damaged: it is read by nobody, and made again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from kn_assets.errors import KnError
from kn_assets.lake import contents, locks
from kn_assets.lake.disk import RESERVE, check_room, said_plainly, write_text
from kn_assets.lake.parquet import TableFile
from kn_assets.lake.partition import Partition, corpus, damaged, is_stray, model, outdated
from kn_assets.lake.schema import ALL, Kind

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

_FOLDER = {"corpus": "corpus", "model": "atlas"}
FAILED_CHECKS = "failed_checks"
"""In a table's note: the names of its checks that failed; null as long as they are to come."""

_HERE = "{lake}"


class Lake:
    """A folder of tables. `root` defaults to `$KN_DATA`, or `data` where that isn't set.

    checked: tables written through this lake await their checks, see `note_checks`.
    """

    def __init__(self, root: str | Path | None = None, checked: bool = False) -> None:
        self.root = Path(root or os.environ.get("KN_DATA") or "data").expanduser().resolve()
        self.checked = checked

    # -- places ---------------------------------------------------------------------------------

    @property
    def database(self) -> Path:
        """The DuckDB file that any client opens."""
        return self.root / "kn.duckdb"

    @property
    def models(self) -> Path:
        """Downloaded and converted model weights."""
        return self.root / "models"

    def portable(self, path: str | Path) -> str:
        """A path as the lake's notes keep it: absolute, or from `{lake}/` on where it lies in the
        lake, so that it holds from any folder and wherever the lake is moved.
        """
        # Not resolved: a link's own name is what was given, and may name the corpus or the model.
        whole = Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100
        inside = whole.parent.resolve() / whole.name
        if inside.is_relative_to(self.root):
            return f"{_HERE}/{inside.relative_to(self.root)}"
        return str(whole)

    def located(self, kept: str) -> str:
        """What `portable` kept, as a path of now; other words stay as they are."""
        return f"{self.root}/{kept.removeprefix(f'{_HERE}/')}" if kept.startswith(_HERE) else kept

    def folder(self, partition: Partition) -> Path:
        return self.root / _FOLDER[partition.kind] / str(partition)

    def table(self, partition: Partition, name: str) -> Path:
        """The folder of a table, whether or not it exists."""
        if ALL[name].kind != partition.kind:
            raise ValueError(f"{name} is no table of a {partition.kind}")
        return self.folder(partition) / name

    def work(self, partition: Partition, name: str) -> Path:
        """A folder for unfinished work which a later run may resume."""
        path = self.folder(partition) / f".work-{name}"
        self.make(path)
        return path

    def glob(self, name: str, key: str = "*") -> str:
        """The pattern of a table's files over all partitions, or those of one."""
        kind = ALL[name].kind
        return str(self.root / _FOLDER[kind] / f"{kind}={key}" / name / "*.parquet")

    def globs(self, name: str, keys: Iterable[str]) -> list[str]:
        """Patterns of a table's files in the partitions `keys`: one for all, where no other folder
        would be found by it.
        """
        kind, wanted = ALL[name].kind, set(keys)
        there = {p.parent.name for p in (self.root / _FOLDER[kind]).glob(f"{kind}=*/{name}")}
        if there == {f"{kind}={key}" for key in wanted}:
            return [self.glob(name)]
        return [self.glob(name, key) for key in sorted(wanted)]

    def partitions(self, kind: Kind) -> list[Partition]:
        """The partitions that have a folder, by name. What can't be one is left out."""
        found = (p for p in self._places(kind) if not is_stray(p))
        return sorted((Partition(kind, p.name.split("=", 1)[1]) for p in found), key=str)

    def strays(self) -> list[Path]:
        """What is named like a partition and can't be one: a copy by a file manager, a file."""
        kinds: tuple[Kind, ...] = ("corpus", "model")
        return [p for kind in kinds for p in self._places(kind) if is_stray(p)]

    def _places(self, kind: Kind) -> list[Path]:
        return sorted((self.root / _FOLDER[kind]).glob(f"{kind}=*"))

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
            with contextlib.suppress(KnError), locks.committing(self.root):
                if contents.read_note(folder) == note:  # no run has replaced it meanwhile
                    contents.write_note(folder, {**note, contents.DAMAGED: what})
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

    def make(self, path: Path) -> None:
        """Make a folder of the lake, with a clear word where that can't be done."""
        with said_plainly(self.root):
            path.mkdir(parents=True, exist_ok=True)

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
                    self._commit(fresh, place)
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
        self.note(partition, name, **{FAILED_CHECKS: failed})

    def note(self, partition: Partition, name: str, **notes: Any) -> None:
        """Note more about a table that is there. Raises KnError where the lake can't be written."""
        with locks.committing(self.root), said_plainly(self.root):
            told = {**(self.meta(partition, name) or {}), **notes}
            contents.write_note(self.table(partition, name), told)

    def remove(self, partition: Partition, name: str) -> None:
        """Remove a table, if it is there."""
        with self.writing(), locks.committing(self.root):
            _remove(self.table(partition, name))

    def writing(
        self, wait: bool = True, say: Callable[[str], None] | None = None
    ) -> contextlib.AbstractContextManager[None]:
        """Be the lake's one writer while open, see `locks.writing`."""
        return locks.writing(self.root, wait, say)

    def recover(self) -> None:
        """Finish or undo what a killed run left; waits until no other process writes."""
        with self.writing(), locks.committing(self.root):
            for old in self.root.glob("*/*/.old-*"):
                place = old.with_name(old.name.removeprefix(".old-"))
                if place.exists():
                    _remove(old)
                else:
                    old.rename(place)
            for fresh in self.root.glob("*/*/.new-*"):
                _remove(fresh)

    @staticmethod
    def _commit(fresh: Path, place: Path) -> None:
        old = place.with_name(f".old-{place.name}")
        if place.exists():
            _remove(old)
            place.rename(old)
        fresh.rename(place)
        _remove(old)


def _remove(place: Path) -> None:
    """Remove a folder, or a file where one stands in its place."""
    if place.is_file() or place.is_symlink():
        place.unlink()
    else:
        shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def _read_plainly(partition: Partition, name: str) -> Iterator[None]:
    """Errors of reading a table's files as one line."""
    try:
        yield
    except (pa.ArrowException, OSError) as e:
        what = str(e).splitlines()[0] if str(e) else type(e).__name__
        raise KnError(damaged(partition, name, what)) from e
