"""A made-up lake with circuits, an app on it, and a page of that."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from kn_assets.database.database import Database
from kn_assets.lake import Lake
from tests.made import add_circuits, make_lake
from tests.ui.asking import apps, opened
from tests.ui.screen import Screen


@pytest.fixture(scope="package")
def told(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    root = tmp_path_factory.mktemp("circuits")
    make_lake(root, "tiny", n_prompts=12, n_layers=4, n_neurons=30, density=0.12)
    return add_circuits(root)


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
