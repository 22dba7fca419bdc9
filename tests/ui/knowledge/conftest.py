"""A made-up lake with facts, an app on it, and a page of that; a lake with a model that is here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from kn_assets.database.database import Database
from kn_assets.lake import Lake
from tests.live.test_knowledge import lake_with_facts
from tests.made import make_lake
from tests.ui.asking import apps, opened
from tests.ui.knowledge.page import MODEL, SHAPE
from tests.ui.screen import Screen


@pytest.fixture(scope="package")
def told(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return make_lake(tmp_path_factory.mktemp("told"), MODEL, **SHAPE)


@pytest.fixture(scope="package")
def data(told: Lake) -> Iterator[Database]:
    yield from opened(told)


@pytest.fixture(scope="package")
def where(told: Lake) -> Iterator[str]:
    with apps() as start:
        yield start(told)


@pytest.fixture
def page(screens: Callable[[str], Screen], where: str) -> Screen:
    return screens(where)


@pytest.fixture(scope="package")
def own_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return lake_with_facts(tmp_path_factory.mktemp("own"))
