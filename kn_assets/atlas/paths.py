"""The words for paths in an atlas' settings, which earlier versions took fingerprints with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kn_assets.atlas.settings import AtlasSettings
from kn_assets.lake import Lake, Partition
from kn_assets.lake.plan import Note

_MAY_BE_PATHS = ("corpus", "model", "revision")


def paths(settings: AtlasSettings) -> dict[str, Any]:
    """The settings that may be paths."""
    return {name: getattr(settings, name) for name in _MAY_BE_PATHS}


def words_of_paths(lake: Lake, atlas: Partition, note: Note) -> Iterator[dict[str, Any]]:
    """The words for paths that an atlas' fingerprint may have been taken with, as noted with it."""
    if "worded" in note:
        yield dict(note["worded"])
    elif "settings" in note:
        yield {name: note["settings"].get(name) for name in _MAY_BE_PATHS}
    elif lake.damage(atlas, "atlases") is None:
        (row,) = lake.read(atlas, "atlases", ["settings"])["settings"].to_pylist()
        told = json.loads(row or "{}")
        yield {name: told[name] for name in _MAY_BE_PATHS if name in told}
