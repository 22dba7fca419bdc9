"""Definitions that were bound once and are copied, against those bound by the connection itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import platformdirs
import pytest

from kn_assets.database import bound, database
from kn_assets.lake import Lake

DEFINED = """
SELECT 'view', schema_name, view_name, sql FROM duckdb_views() WHERE NOT internal
UNION ALL
SELECT function_type, schema_name, function_name, parameters::VARCHAR || macro_definition
FROM duckdb_functions() WHERE NOT internal AND macro_definition IS NOT NULL
ORDER BY ALL
"""
COLUMNS = """
SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal
ORDER BY schema_name, table_name, column_index
"""
COMMENTS = """
SELECT view_name, NULL, comment FROM duckdb_views() WHERE comment IS NOT NULL
UNION ALL
SELECT function_name, NULL, comment FROM duckdb_functions() WHERE comment IS NOT NULL
UNION ALL
SELECT table_name, column_name, comment FROM duckdb_columns() WHERE comment IS NOT NULL
ORDER BY ALL
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The user's cache, in an empty folder."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda _: folder)
    bound._file.cache_clear()
    yield folder
    bound._file.cache_clear()


def told(atlas: Lake, sql: str) -> list[tuple[object, ...]]:
    with database.connect(atlas) as opened:
        return opened.execute(sql).fetchall()


def test_what_is_copied_is_what_the_connection_would_bind(
    atlas: Lake, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = [told(atlas, sql) for sql in (DEFINED, COLUMNS)]
    assert len(list(cache.glob("views-*.duckdb"))) == 1
    monkeypatch.setattr(bound, "copy_to", lambda _: False)
    assert all(len(rows) > 200 for rows in copied)
    assert copied == [told(atlas, sql) for sql in (DEFINED, COLUMNS)]


def test_the_lakes_file_is_as_if_it_had_been_bound(
    atlas: Lake, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path / "lake")
    shutil.copytree(atlas.root, lake.root)
    found = []
    for copy_to in (bound.copy_to, lambda _: False):
        monkeypatch.setattr(bound, "copy_to", copy_to)
        with duckdb.connect(str(database.build(lake)), read_only=True) as opened:
            found.append([opened.execute(sql).fetchall() for sql in (DEFINED, COLUMNS, COMMENTS)])
    assert len(found[0][2]) > 500
    assert found[0] == found[1]


def test_each_process_has_the_same_statements() -> None:
    """Else each would bind them anew, and leave a file of its own."""
    code = (
        "from kn_assets.database.sql_files import definitions as of\n"
        "print([d.name for d in of()], [d.name for d in of(['neuron_card', 'heatmap'])])"
    )
    command = [sys.executable, "-c", code]
    told = [
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert b"search_facts" in told[0]
    assert told[0] == told[1]


def test_a_damaged_file_is_bound_again(atlas: Lake, cache: Path) -> None:
    whole = told(atlas, DEFINED)
    (file,) = cache.glob("views-*.duckdb")
    content = file.read_bytes()
    for damaged in (b"", b"no database", content[: len(content) // 2]):
        file.write_bytes(damaged)
        assert told(atlas, DEFINED) == whole
        assert told(atlas, DEFINED) == whole
        assert file.stat().st_size == len(content)


def test_without_a_place_for_the_file_each_connection_binds(atlas: Lake, cache: Path) -> None:
    cache.write_text("in its place")
    assert [r[2] for r in told(atlas, DEFINED)].count("heatmap") == 1
    assert told(atlas, "SELECT count(*) FROM heatmap('tiny', 3)") != [(0,)]


def test_only_files_that_were_long_not_written_go(atlas: Lake, cache: Path) -> None:
    cache.mkdir()
    for name, age in (("views-old.duckdb", 31), ("views-new.duckdb", 29), ("other", 99)):
        (cache / name).touch()
        written = (cache / name).stat().st_mtime - age * 86400
        os.utime(cache / name, (written, written))
    with duckdb.connect() as opened:
        assert bound.copy_to(opened)
    left = {f.name for f in cache.iterdir()}
    assert {"views-new.duckdb", "other"} < left
    assert len(left) == 3


def test_a_table_too_large_to_hold_is_read_from_its_files_again(
    atlas: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = "SELECT sql FROM duckdb_views() WHERE view_name = 'atlases' AND schema_name = 'main'"
    running = database.Database(atlas)
    with running.cursor() as cursor:
        assert "held_atlases" in cursor.execute(sql).fetchall()[0][0]
    monkeypatch.setattr(database, "MOST_HELD", 0)
    running.refresh()
    with running.cursor() as cursor:
        assert "held_" not in cursor.execute(sql).fetchall()[0][0]
        assert len(cursor.execute("FROM atlases").fetchall()) == len(atlas.partitions("model"))
    running.close()
