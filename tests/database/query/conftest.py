"""A made-up lake, guarded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kn_assets.database import database
from kn_assets.database.encoded import Encoded
from kn_assets.lake import Lake
from tests.made import make_lake


@pytest.fixture(scope="package")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return make_lake(tmp_path_factory.mktemp("guarded"))


@pytest.fixture(scope="package")
def connection(atlas: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    with database.connect(atlas, memory_limit="300MB") as opened:
        yield opened


@pytest.fixture(scope="package")
def built(atlas: Lake) -> Lake:
    """The lake with its database in a file."""
    database.build(atlas)
    return atlas


@pytest.fixture
def unchanged(built: Lake) -> Iterator[None]:
    """No file of the lake comes, goes or changes."""
    before = snapshot(built.root)
    yield
    assert snapshot(built.root) == before


def rows_in(found: Encoded) -> list[list[Any]]:
    """The rows of an answer in JSON."""
    return list(json.loads(found.body)["rows"])


def snapshot(folder: Path) -> dict[Path, tuple[int, int]]:
    return {f: (f.stat().st_size, f.stat().st_mtime_ns) for f in folder.rglob("*")}
