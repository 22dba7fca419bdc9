"""A made-up lake without fault, and a copy of it to spoil."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from kn_assets.lake import Lake
from tests.checks.spoiling import (
    TOP_K,
    change,
    with_value,
)
from tests.made import make_lake


@pytest.fixture(scope="package")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    found = make_lake(tmp_path_factory.mktemp("intact"))
    change(found, "atlases", with_value("settings", json.dumps({"top_k": TOP_K})))
    return found


@pytest.fixture
def copy(intact: Lake, tmp_path: Path) -> Lake:
    shutil.copytree(intact.root, tmp_path / "copy")
    return Lake(tmp_path / "copy")
