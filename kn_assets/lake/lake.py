"""The lake: where tables lie, and how they are written so that a killed run leaves no half of one.

A table of a partition is a folder of Parquet files with a `_table.json` beside them. It is written
under a temporary name and renamed into place; the rename is the commit. Two renames are needed to
replace an existing folder, so `recover` finishes a replacement that was killed between them.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from kn_assets.errors import KnError
from kn_assets.lake.disk import RESERVE, check_room, said_plainly, write_text
from kn_assets.lake.parquet import TableFile
from kn_assets.lake.schema import ALL, KNOWLEDGE, Kind

__all__ = [
    "RESERVE",
    "Lake",
    "Partition",
    "corpus",
    "model",
    "outdated",
    "said_plainly",
    "write_text",
]

_FOLDER = {"corpus": "corpus", "model": "atlas"}
FAILED_CHECKS = "failed_checks"
"""In a table's note: the names of its checks that failed; null as long as they are to come."""

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")


@dataclass(frozen=True)
class Partition:
    """One corpus or one model of the lake, e.g. `Partition("model", "gpt2")`."""

    kind: Kind
    key: str

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise KnError(
                f"{self.key!r} can't name a {self.kind}: use letters, digits, and . _ @ + - only"
            )

    def __str__(self) -> str:
        return f"{self.kind}={self.key}"


def corpus(key: str) -> Partition:
    return Partition("corpus", key)


def model(key: str) -> Partition:
    return Partition("model", key)


def outdated(partition: Partition, name: str, lacking: set[str]) -> str:
    """A line on a table that an earlier version of this project wrote."""
    command = "kn knowledge" if name in KNOWLEDGE else "kn run"
    return (
        f"{name} of {partition.key} was written by an earlier version (no column "
        f"{', '.join(sorted(lacking))}): `{command}` makes it again"
    )


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

    def glob(self, name: str) -> str:
        """The pattern of a table's files over all partitions."""
        kind = ALL[name].kind
        return str(self.root / _FOLDER[kind] / f"{kind}=*" / name / "*.parquet")

    def partitions(self, kind: Kind) -> list[Partition]:
        """The partitions that have a folder, by name."""
        found = (self.root / _FOLDER[kind]).glob(f"{kind}=*")
        return sorted((Partition(kind, p.name.split("=", 1)[1]) for p in found), key=str)

    # -- what is there --------------------------------------------------------------------------

    def meta(self, partition: Partition, name: str) -> dict[str, Any] | None:
        """What was noted when the table was written (`fingerprint`, `rows`, ...), else None."""
        try:
            found = json.loads((self.table(partition, name) / "_table.json").read_text())
        except FileNotFoundError:
            return None
        return found if isinstance(found, dict) else None

    def read(self, partition: Partition, name: str, columns: list[str] | None = None) -> pa.Table:
        """A whole table as Arrow, in the order of its files.

        Raises KnError where the table isn't there, or an earlier version of this project wrote it
        without a column that is asked for.
        """
        import pyarrow.parquet as pq

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

        Raises KnError where the table isn't there.
        """
        import pyarrow.parquet as pq

        for path in self.files(partition, name):
            with pq.ParquetFile(path, buffer_size=1 << 16) as file:
                yield from file.iter_batches(rows, columns=columns, use_threads=False)

    def files(self, partition: Partition, name: str) -> list[Path]:
        """The table's Parquet files in order. Raises KnError where there are none."""
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
        with said_plainly(self.root):
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
                }
                write_text(fresh / "_table.json", json.dumps(note, indent=1))
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
        note = {**(self.meta(partition, name) or {}), FAILED_CHECKS: failed}
        with said_plainly(self.root):
            write_text(self.table(partition, name) / "_table.json", json.dumps(note, indent=1))

    def remove(self, partition: Partition, name: str) -> None:
        """Remove a table, if it is there."""
        shutil.rmtree(self.table(partition, name), ignore_errors=True)

    def recover(self) -> None:
        """Finish or undo what a killed run left: call it before writing, with no other writer."""
        for old in self.root.glob("*/*/.old-*"):
            place = old.with_name(old.name.removeprefix(".old-"))
            if place.exists():
                shutil.rmtree(old)
            else:
                old.rename(place)
        for fresh in self.root.glob("*/*/.new-*"):
            shutil.rmtree(fresh)

    @staticmethod
    def _commit(fresh: Path, place: Path) -> None:
        old = place.with_name(f".old-{place.name}")
        if place.exists():
            shutil.rmtree(old, ignore_errors=True)
            place.rename(old)
        fresh.rename(place)
        shutil.rmtree(old, ignore_errors=True)
