"""Files and folders that don't belong into a lake, and notes that hold none: each command and the
app go on with the rest.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kn_assets.cli.parser import main
from kn_assets.database import database
from kn_assets.lake import Lake, model
from tests.made import make_lake

NOTES = {
    "empty": b"",
    "an empty object": b"{}",
    "null": b"null",
    "a list": b"[]",
    "a number": b"7",
    "bytes": b"\x00\xff\xfe" * 9,
    "deep": b"[" * 5000,
    "odd values": b'{"fingerprint": 5, "rows": "x", "files": [1], "settings": [], "at": null}',
    "odd files": b'{"files": {"x.parquet": 5, "../y": {"size": "z"}}}',
}
TABLES = ("atlases", "tokens", "neurons")


def small(root: Path) -> Lake:
    return make_lake(root, n_prompts=3, n_layers=2, n_neurons=8, n_tokens=5)


def goes_on(lake: Lake, capsys: pytest.CaptureFixture[str]) -> str:
    """What doctor tells; queries of every table, the app's database and `kn ui`'s list go well."""
    from ui.rows import atlases

    for table in (*TABLES, "prompts"):
        words = ["--data", str(lake.root), "sql", f"SELECT count(*) FROM {table}"]
        assert main(words) == 0, capsys.readouterr().err
    held = database.Database(lake)
    atlases(held)
    held.close()
    lake.recover()
    main(["--data", str(lake.root), "doctor"])
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("table", "note"),
    [
        pytest.param(table, note, marks=[pytest.mark.thorough] * ((i - j) % len(TABLES) != 0))
        for i, table in enumerate(TABLES)
        for j, note in enumerate(NOTES)
    ],
)
def test_a_note_that_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], table: str, note: str
) -> None:
    lake = small(tmp_path)
    (lake.table(model("tiny"), table) / "_table.json").write_bytes(NOTES[note])
    told = goes_on(lake, capsys)
    assert f"table {table} of tiny" in told


def _file(root: Path) -> None:
    (root / "atlas" / "model=x").write_bytes(b"a file")


def _folder(root: Path) -> None:
    (root / "atlas" / "model=y" / "neurons").mkdir(parents=True)


def _odd_names(root: Path) -> None:
    for name in ("model=", "model=a b", "model=..", "model=ü=1", "model=" + "x" * 200, "=", "x"):
        (root / "atlas" / name / "tokens").mkdir(parents=True)


def _odd_tables(root: Path) -> None:
    folder = root / "atlas" / "model=tiny"
    shutil.copytree(folder / "neurons", folder / "neurons copy")
    (folder / "thumbs.db").write_bytes(bytes(99))
    (folder / "unheard_of" / "deep").mkdir(parents=True)


def _odd_files(root: Path) -> None:
    folder = root / "atlas" / "model=tiny" / "neurons"
    (folder / ".DS_Store").write_bytes(b"\x00")
    (folder / "notes.txt").write_text("mine")
    (folder / "folder").mkdir()


def _links(root: Path) -> None:
    (root / "atlas" / "model=gone").symlink_to(root / "nowhere")
    (root / "atlas" / "model=round").symlink_to(root / "atlas")


def _a_note_that_is_a_folder(root: Path) -> None:
    note = root / "atlas" / "model=tiny" / "neurons" / "_table.json"
    note.unlink()
    note.mkdir()


def _a_folder_of_the_lake_that_is_a_file(root: Path) -> None:
    shutil.rmtree(root / "corpus")
    (root / "corpus").write_text("")


STRAYS = (_file, _folder, _odd_names, _odd_tables, _odd_files, _links)


@pytest.mark.parametrize("put", STRAYS, ids=lambda put: put.__name__[1:])
def test_what_does_not_belong_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], put: Callable[[Path], None]
) -> None:
    lake = small(tmp_path)
    put(tmp_path)
    goes_on(lake, capsys)
    main(["--data", str(tmp_path), "sql", "SELECT count(*) AS n FROM neurons", "--format=json"])
    assert json.loads(capsys.readouterr().out) == [{"n": 16}]


@pytest.mark.parametrize(
    "put",
    [_a_note_that_is_a_folder, _a_folder_of_the_lake_that_is_a_file],
    ids=lambda put: put.__name__[1:],
)
def test_what_is_in_the_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], put: Callable[[Path], None]
) -> None:
    lake = small(tmp_path)
    put(tmp_path)
    goes_on(lake, capsys)
