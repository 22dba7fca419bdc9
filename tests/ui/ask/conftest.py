"""The lake of tests/asked.py, its database, and an app on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from kn_assets.database.database import Database
from kn_assets.lake import Lake
from tests.asked import asked_lake
from tests.ui.asking import apps, opened
from tests.ui.screen import Screen


@pytest.fixture(scope="package")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return asked_lake(tmp_path_factory.mktemp("asked"))


@pytest.fixture(scope="package")
def data(asked: Lake) -> Iterator[Database]:
    yield from opened(asked)


@pytest.fixture(scope="package")
def where(asked: Lake) -> Iterator[str]:
    with apps() as start:
        yield start(asked)


@pytest.fixture
def page(screens: Callable[[str], Screen], where: str) -> Screen:
    return screens(where)
