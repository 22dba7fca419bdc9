"""A model of five steps, an app on it, and a page of that."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from kn_assets.database.database import Database
from kn_assets.lake import Lake
from tests.made import add_training, make_lake
from tests.ui.asking import apps, opened
from tests.ui.screen import Screen
from tests.ui.training.page import STEPS


@pytest.fixture(scope="package")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Five steps of one model, and another model of one moment."""
    root = tmp_path_factory.mktemp("trained")
    make_lake(root, "plain", "else", n_prompts=5, n_layers=3, n_neurons=20, n_tokens=8)
    return add_training(root, steps=STEPS, n_prompts=12, n_layers=4, n_neurons=30, density=0.12)


@pytest.fixture(scope="package")
def data(trained: Lake) -> Iterator[Database]:
    yield from opened(trained)


@pytest.fixture(scope="package")
def where(trained: Lake) -> Iterator[str]:
    with apps() as start:
        yield start(trained)


@pytest.fixture
def page(screens: Callable[[str], Screen], where: str) -> Screen:
    return screens(where)
