"""One small lake that a run made, for tests which copy it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kn_assets.lake import Lake
from kn_assets.launch.request import Request
from kn_assets.launch.run import run
from tests import small

Copy = Callable[[Path], Request]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Request:
    folder = tmp_path_factory.mktemp("made-once")
    before = os.environ.get("DAGSTER_HOME")
    os.environ["DAGSTER_HOME"] = str(folder / "dagster")
    request = small.request(folder)
    assert run(request)
    os.environ.pop("DAGSTER_HOME")
    if before is not None:
        os.environ["DAGSTER_HOME"] = before
    return request


@pytest.fixture
def copy(made_once: Request, monkeypatch: pytest.MonkeyPatch) -> Copy:
    """Copies the lake to a folder; gives the request it was made by, with the copy in place."""

    def make(folder: Path) -> Request:
        shutil.copytree(made_once.lake.root, folder)
        monkeypatch.setenv("DAGSTER_HOME", str(folder / "dagster"))
        return replace(made_once, lake=Lake(folder))

    return make
