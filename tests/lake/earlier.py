"""Tables as an earlier version wrote them: without a list of files in their notes."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def rewrite(file: Path, rows: pa.Table) -> None:
    """Put other rows into a table's file, whose note then lists none, as once."""
    pq.write_table(rows, file)
    forget_files(file.parent)


def forget_files(folder: Path) -> None:
    note = folder / "_table.json"
    told = json.loads(note.read_text())
    note.write_text(
        json.dumps({k: v for k, v in told.items() if k not in ("files", "note_sha256")})
    )
