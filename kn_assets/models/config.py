"""What a model's configuration file tells without loading the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kn_assets.lake import Lake
from kn_assets.lake.json_text import parsed
from kn_assets.models.available import available
from kn_assets.models.source import ModelSource


def folder_of(source: ModelSource, lake: Lake) -> Path:
    """Where the model's files are, if they are on this machine; a path that isn't there if not."""
    if source.kind == "folder":
        return Path(source.ref)
    found = [a.folder for a in available(lake) if a.source == source]
    return found[0] if found else Path(source.ref)


def config_of(source: ModelSource, lake: Lake) -> dict[str, Any] | None:
    """The configuration, a text model's own part first; None where there is no file to be read."""
    try:
        told = parsed((folder_of(source, lake) / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not here yet, or a GGUF file
        return None
    if not isinstance(told, dict):
        return None
    of_text = told.get("text_config")
    return {**told, **of_text} if isinstance(of_text, dict) else told


def number(config: dict[str, Any], *names: str) -> int | None:
    """The first of some names that the configuration has, as families name things differently."""
    given = (config.get(name) for name in names)
    return next((int(value) for value in given if value and _is_whole(value)), None)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
