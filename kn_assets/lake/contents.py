"""What a table consists of: its note, and its files with their sizes and checksums.

`_table.json` names every Parquet file of the table with its size and SHA-256. A look at sizes is a
stat for each file and is taken before a table is used; checksums are compared by `kn doctor --deep`
and before a table is made of others. Files that come to a table after it was written have a line
each in `_added.jsonl`. Tables that an earlier version wrote carry no list of files: they count as
they are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kn_assets.lake import fingerprint
from kn_assets.lake.disk import write_text
from kn_assets.lake.json_text import parsed

NOTE = "_table.json"
ADDED = "_added.jsonl"
FILES = "files"
"""In a note: name of each Parquet file -> its `bytes` and `sha256`."""
DAMAGED = "damaged"
"""In a note: what is wrong with the table though its files have their sizes."""
_SEAL = "note_sha256"
"""In a note: SHA-256 of all else in it."""

Files = dict[str, dict[str, Any]]

_notes: dict[Path, tuple[tuple[int, int, int], dict[str, Any] | None]] = {}
_verified: dict[Path, tuple[tuple[int, int, int], str]] = {}
_unreadable: dict[Path, tuple[int, int, int]] = {}


def described(path: Path) -> dict[str, Any]:
    """Size and SHA-256 of a file."""
    return {"bytes": path.stat().st_size, "sha256": _sha256(path)}


def listed(folder: Path) -> Files:
    """The Parquet files of a folder as a note tells them."""
    return {path.name: described(path) for path in sorted(folder.glob("*.parquet"))}


def read_note(folder: Path) -> dict[str, Any] | None:
    """The note of a table, without its seal; None where it is lost or no note."""
    sealed = _sealed(folder)
    return None if sealed is None else {k: v for k, v in sealed.items() if k != _SEAL}


def _sealed(folder: Path) -> dict[str, Any] | None:
    path = folder / NOTE
    try:
        now = _stamp(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    kept = _notes.get(path)
    if kept is None or kept[0] != now:
        _notes[path] = kept = now, _parsed(path)
    return kept[1]


def write_note(folder: Path, note: dict[str, Any]) -> None:
    """Write the note of a table, sealed."""
    write_text(folder / NOTE, json.dumps({**note, _SEAL: _seal(note)}, indent=1))


def add(folder: Path, path: Path, name: str) -> None:
    """Note that the file at `path` is about to come to a table as `name`."""
    with (folder / ADDED).open("a", encoding="utf-8") as lines:
        lines.write(json.dumps({"name": name, **described(path)}) + "\n")


def added(folder: Path) -> Files:
    """The files that came to a table after it was written, as noted; they needn't be there."""
    try:
        lines = (folder / ADDED).read_text(encoding="utf-8", errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    found: Files = {}
    for line in lines:
        try:
            told = parsed(line)
            found[told["name"]] = {"bytes": int(told["bytes"]), "sha256": str(told["sha256"])}
        except (ValueError, TypeError, KeyError):  # cut or garbled: that file counts as unknown
            continue
    return found


def damage(folder: Path) -> str | None:
    """What is wrong with a table by its note and its files' sizes; None where nothing is, or where
    there is no table.
    """
    try:
        with os.scandir(folder) as entries:
            sizes = {e.name: e.stat().st_size for e in entries if e.name.endswith(".parquet")}
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        return f"{folder.name} is no folder" if folder.parent.is_dir() else None
    note = _sealed(folder)
    if note is None:
        if not (folder / NOTE).exists():
            return f"{NOTE} is lost" if sizes else None
        return f"{NOTE} can't be read"
    if note.get(DAMAGED):
        return str(note[DAMAGED])
    return _misfit(folder, note, sizes) or next(_unread(folder, sizes), None)


def differences(folder: Path, advance: Callable[[int], None] = lambda read: None) -> Iterator[str]:
    """What is wrong with a table by checksums: reads all of it, telling `advance` the bytes read.

    Of a table that carries no list of files the rows are counted.
    """
    note, sealed = read_note(folder), _sealed(folder)
    if note is None or sealed is None:
        return
    if FILES not in note:
        rows = _rows(folder)
        if rows != note["rows"] and not note.get("lazy"):
            yield "its files can't be read" if rows is None else f"{rows} of {note['rows']} rows"
        return
    if sealed.get(_SEAL) != _seal(note):
        yield f"{NOTE} isn't what was written"
    files: Files = {**added(folder), **note[FILES]}
    for name, noted in files.items():
        path = folder / name
        if path.exists():
            if _sha256(path) != noted["sha256"]:
                yield f"{name} isn't what was written"
            advance(noted["bytes"])


def look_into(folder: Path) -> None:
    """Try to read the footers of a table's files: those that can't be read are `damage` from then
    on, as long as they stay as they are.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    for path in folder.glob("*.parquet"):
        try:
            pq.read_metadata(path)
        except (pa.ArrowException, OSError):
            _unreadable[path] = _stamp(path)


def _rows(folder: Path) -> int | None:
    """The rows of all files of a folder, None where one can't be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return sum(pq.read_metadata(path).num_rows for path in folder.glob("*.parquet"))
    except (pa.ArrowException, OSError):
        return None


def _misfit(folder: Path, note: dict[str, Any], sizes: dict[str, int]) -> str | None:
    if FILES not in note:  # an earlier version's
        return None if sizes else "its files are lost"
    files = note[FILES]
    later: Files = {} if set(sizes) <= set(files) else added(folder)
    for name in sorted({*files, *sizes}):
        noted = files.get(name) or later.get(name)
        if noted is None:
            return f"{name} doesn't belong to it"
        if name not in sizes:
            return f"{name} is lost"
        if sizes[name] != noted["bytes"]:
            return f"{name} has {sizes[name]:,} bytes, not {noted['bytes']:,}"
    return None


def _unread(folder: Path, sizes: dict[str, int]) -> Iterator[str]:
    for name in sizes if _unreadable else ():
        if (path := folder / name) in _unreadable and _unreadable[path] == _stamp(path):
            yield f"{name} can't be read"


def _parsed(path: Path) -> dict[str, Any] | None:
    try:
        found = parsed(path.read_text(encoding="utf-8"))
        files = found.get(FILES, {})
        well = isinstance(found["fingerprint"], str) and isinstance(found["rows"], int)
        well &= all(isinstance(found.get(name, {}), dict) for name in ("settings", "worded"))
        for noted in files.values():
            well &= isinstance(noted["bytes"], int) and isinstance(noted["sha256"], str)
    except (ValueError, TypeError, KeyError, AttributeError, OSError):
        return None
    return found if well else None


def _stamp(path: Path) -> tuple[int, int, int]:
    told = os.stat(path)  # noqa: PTH116 - of thousands of tables, in milliseconds
    return told.st_ino, told.st_size, told.st_mtime_ns


def _sha256(path: Path) -> str:
    """A file's checksum; computed once by a process as long as the file's times stay."""
    now = _stamp(path)
    kept = _verified.get(path)
    if kept is None or kept[0] != now:
        _verified[path] = kept = now, fingerprint.of_file(path)
    return kept[1]


def _seal(told: dict[str, Any]) -> str:
    return fingerprint.of_json(told, sort_keys=True)
