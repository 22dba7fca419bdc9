"""Models whose files have other times than those that an atlas was made of."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kn_assets.atlas import copies
from kn_assets.errors import KnError
from kn_assets.lake import Lake, model
from kn_assets.models import source as sources
from kn_assets.models.source import ModelSource


def refuse(*_: Any, **__: Any) -> None:
    raise KnError("this lake can't be written")


@pytest.mark.parametrize("is_copy", [True, False])
def test_files_are_read_once_where_nothing_can_be_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_copy: bool
) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"as made")
    source = ModelSource("m", "folder", str(tmp_path))
    made_of = sources.fingerprint(source, cast("Lake", None))
    note = {"weights": made_of, copies.CONTENT: sources.content(source)}
    lake = cast("Lake", SimpleNamespace(meta=lambda *_: note, note=refuse))
    weights.write_bytes(b"as made" if is_copy else b"another")
    os.utime(weights, (1, 1))
    files = sources.fingerprint(source, lake)
    assert files != made_of
    read: list[ModelSource] = []
    content = sources.content

    def counted(of: ModelSource) -> Any:
        read.append(of)
        return content(of)

    monkeypatch.setattr(sources, "content", counted)
    for _ in range(3):
        found = copies.identity_of_weights(lake, model("m"), source, files)
        assert found == (made_of if is_copy else files)
    assert len(read) == 1
