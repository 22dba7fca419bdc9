"""`kn.duckdb` of a lake that was copied or moved, and what lies in a lake and is no part of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from kn_assets.cli.parser import main
from kn_assets.database import database, views
from kn_assets.lake import Lake, model
from tests.made import make_lake


def models(lake: Lake) -> list[str]:
    """What any client sees."""
    with duckdb.connect(str(lake.database), read_only=True) as opened:
        return [m for (m,) in opened.sql("SELECT model FROM atlases ORDER BY 1").fetchall()]


SMALL = {"n_prompts": 3, "n_layers": 2, "n_neurons": 8, "n_tokens": 5}


@pytest.mark.parametrize("how", [shutil.copytree, shutil.move])
@pytest.mark.parametrize("command", [["sql", "FROM atlases"], ["doctor"]])
def test_a_lake_that_was_copied_or_moved_gets_a_database_of_its_own(
    tmp_path: Path, how: Callable[[Path, Path], object], command: list[str]
) -> None:
    here = make_lake(tmp_path / "here", **SMALL)
    database.keep_current(here)
    assert database.is_own(here)
    how(here.root, tmp_path / "there")
    there = Lake(tmp_path / "there")
    assert not database.is_own(there)
    main(["--data", str(there.root), *command])
    assert database.is_own(there)
    assert models(there) == ["tiny"]


def test_a_copy_shows_its_own_tables(tmp_path: Path) -> None:
    here = make_lake(tmp_path / "here", **SMALL)
    database.keep_current(here)
    there = Lake(shutil.copytree(here.root, tmp_path / "there"))
    make_lake(here.root, "late", **SMALL)
    assert models(there) == ["late", "tiny"], "so it is before: the other lake's"
    main(["--data", str(there.root), "sql", "FROM atlases"])
    assert models(there) == ["tiny"]


def test_a_garbled_database_is_written_again(tmp_path: Path) -> None:
    lake = make_lake(tmp_path, n_prompts=3, n_layers=2, n_neurons=8, n_tokens=5)
    path = database.build(lake)
    path.write_bytes(b"no database" * 1000)
    database.keep_current(lake)
    assert models(lake) == ["tiny"]


def test_strays_are_told_and_stop_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = make_lake(tmp_path, n_prompts=3, n_layers=2, n_neurons=8, n_tokens=5)
    shutil.copytree(lake.folder(model("tiny")), tmp_path / "atlas" / "model=tiny copy")
    (tmp_path / "atlas" / "model=x").write_text("a file")
    (tmp_path / "corpus" / "corpus=").mkdir()
    (lake.table(model("tiny"), "neurons") / "_table.json").write_text("")
    assert [p.key for p in lake.partitions("model")] == ["tiny"]
    assert main(["--data", str(tmp_path), "sql", "SELECT model FROM atlases", "--format=csv"]) == 0
    assert capsys.readouterr().out == "model\ntiny\n"
    assert main(["--data", str(tmp_path), "sql", "SELECT * FROM neurons", "--format=json"]) == 0
    assert capsys.readouterr().out.strip() == "[]"
    assert main(["--data", str(tmp_path), "doctor"]) == 1
    told = capsys.readouterr().out
    for stray in ("atlas/model=tiny copy", "atlas/model=x", "corpus/corpus="):
        assert f"MISS {tmp_path}/{stray} is no partition" in told
    assert "MISS table neurons of tiny in the lake is damaged (_table.json can't be read)" in told
    held = database.Database(lake)
    assert [m for (m,) in held.cursor().execute("SELECT model FROM atlases").fetchall()] == ["tiny"]
    held.close()
    lake.recover()


def test_a_table_that_is_cut_while_the_app_runs_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOOK_AGAIN_S", 0)
    monkeypatch.setattr(views, "FILES_AGAIN_S", 0)
    lake = make_lake(tmp_path, n_prompts=3, n_layers=2, n_neurons=8, n_tokens=5)
    held = database.Database(lake)
    counted = "SELECT count(*) FROM neurons"
    assert held.cursor().execute(counted).fetchall() == [(16,)]
    (file,) = lake.files(model("tiny"), "neurons")
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    assert held.cursor().execute(counted).fetchall() == [(0,)]
    file.write_bytes(content)
    assert held.cursor().execute(counted).fetchall() == [(16,)]
    held.close()
