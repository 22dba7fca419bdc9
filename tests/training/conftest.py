"""A tiny run, made once."""

from __future__ import annotations

import pytest

from kn_assets.lake import Lake
from kn_assets.training import train
from tests.training.tiny_run import TINY


@pytest.fixture(scope="package")
def done(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with a whole run."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    train(TINY, lake)
    return lake
