"""A made-up lake, and what the app answers of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kn_assets.database.database import Database
from kn_assets.lake import Lake
from kn_assets.synthetic import make_lake
from tests.ui.asking import opened
from ui.api import Api
from ui.app import TABS


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return make_lake(tmp_path_factory.mktemp("views"))


@pytest.fixture(scope="module")
def data(made: Lake) -> Iterator[Database]:
    yield from opened(made)


@pytest.fixture(scope="module")
def api(made: Lake) -> Iterator[Api]:
    api = Api(made, TABS)
    yield api
    api.close()
