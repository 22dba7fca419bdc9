"""Weights that aren't those of the atlas any more are run by no live text or fact."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from kn_assets.atlas.extract import extract
from kn_assets.errors import KnError
from kn_assets.live.model import plan_of
from kn_assets.progress import Progress
from tests import small
from tests.models import tiny


def test_changed_weights_are_said(tmp_path: Path) -> None:
    request = small.request(tmp_path)
    request.corpus.make(request.corpus.tables, Progress())
    extract(request.plan, ["atlases", "thresholds"], Progress())
    plan_of(request.lake, "tiny")
    for file in (tmp_path / "tiny").iterdir():
        os.utime(file, (2e9, 2e9))  # as in a copy
    plan_of(request.lake, "tiny")
    shutil.rmtree(tmp_path / "tiny")
    tiny.save(tmp_path / "tiny", seed=7)
    with pytest.raises(KnError, match=r"tiny were changed since atlas tiny was made of them"):
        plan_of(request.lake, "tiny")
