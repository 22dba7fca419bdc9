"""When `kn.duckdb` is written: where it is missing or old, and once for many runs in turn."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

import duckdb
import pytest

from kn_assets.database import database
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from tests.made import make_lake


def test_building_again_leaves_an_opened_file_alone(atlas: Lake) -> None:
    path = database.build(atlas)
    with duckdb.connect(str(path), read_only=True) as opened:
        database.build(atlas)
        assert opened.sql("SELECT count(*) FROM atlases").fetchall() == [(7,)]


def test_the_file_is_written_again_where_it_is_missing_or_older_than_a_table(
    tmp_path: Path,
) -> None:
    lake = make_lake(tmp_path, "tiny", n_prompts=3, n_layers=2, n_neurons=8, n_tokens=5)
    database.keep_current(lake)
    first = lake.database.stat()
    database.keep_current(lake)
    assert lake.database.stat() == first, "nothing was made since"
    (note,) = tmp_path.glob("atlas/*/neurons/_table.json")
    os.utime(note, ns=(first.st_mtime_ns + 1, first.st_mtime_ns + 1))
    database.keep_current(lake)
    assert lake.database.stat().st_ino != first.st_ino, "a table was made since"


@pytest.mark.parametrize("fails", [False, True])
def test_for_many_runs_in_turn_the_file_is_written_once_at_the_end(
    tmp_path: Path, fails: bool
) -> None:
    lake = make_lake(tmp_path / "lake", n_prompts=3, n_layers=2, n_neurons=8, n_tokens=5)
    other = make_lake(tmp_path / "other", n_prompts=3, n_layers=2, n_neurons=8, n_tokens=5)
    lake.database.unlink(missing_ok=True)
    other.database.unlink(missing_ok=True)

    ends = pytest.raises(InterruptedError) if fails else nullcontext()
    with ends, database.kept_at_end(lake):
        with database.kept_at_end(lake):  # as a run of one step, among others
            database.keep_current(lake)
        database.keep_current(lake)
        database.keep_current(other)
        there = lake.database.exists(), other.database.exists()
        if fails:
            raise InterruptedError
    assert there == (False, True), "that of no other lake waits"
    assert database.is_own(lake)


def test_what_made_the_work_fail_is_told_and_not_that_the_views_cant_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Lake) -> None:
        raise KnError("the disk is full")

    lake = make_lake(tmp_path, n_prompts=3, n_layers=2, n_neurons=8, n_tokens=5)
    lake.database.unlink(missing_ok=True)
    monkeypatch.setattr("kn_assets.database.stored.build", refused)
    with pytest.raises(InterruptedError), database.kept_at_end(lake):
        raise InterruptedError
    with pytest.raises(KnError, match="full"), database.kept_at_end(lake):
        database.keep_current(lake)
