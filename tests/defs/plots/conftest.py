"""A made-up lake, and a copy of it to change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kn_assets.lake import Lake
from tests.defs.plots.reading import MODEL, STEPS_KEPT
from tests.made import add_training, make_lake


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    root = tmp_path_factory.mktemp("made")
    add_training(root, MODEL.key, STEPS_KEPT)
    return make_lake(root, MODEL.key)


@pytest.fixture
def copy(made: Lake, tmp_path: Path) -> Lake:
    shutil.copytree(made.root, tmp_path / "copy")
    return Lake(tmp_path / "copy")
