"""An app whose model answers, over the made-up atlases."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from kn_assets.lake import Lake
from tests.ui.explore import stub


@pytest.fixture(scope="module")
def judged(lake: Lake, serve: Callable[..., str]) -> Iterator[str]:
    """Its address."""
    with pytest.MonkeyPatch.context() as patch, stub.app(lake, serve, patch) as url:
        yield url
