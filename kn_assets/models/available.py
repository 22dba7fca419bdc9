"""Which models are on this machine already: found by looking at folders, without a network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.models import embedded
from kn_assets.models.source import ModelSource, resolve

_WEIGHTS = ("*.safetensors", "*.bin")


@dataclass(frozen=True)
class Available:
    """A model on this machine: its source, the folder with its weights, and their size in bytes."""

    source: ModelSource
    folder: Path
    size: int


def available(lake: Lake) -> list[Available]:
    """Models that load without a network, by key: the embedded one and those of the hub's cache.

    The hub's cache also holds data sets and models of other kinds; those with weights and a
    config.json are listed, whether or not they turn out to be language models.
    """
    found = []
    if embedded.is_acquired(lake):
        found.append(_sized(resolve(embedded.KEY), embedded.folder(lake)))
    for repo in sorted(_hub_cache().glob("models--*")):
        name = "/".join(repo.name.split("--")[1:])
        refs = repo / "refs"
        for ref in sorted(p for p in refs.rglob("*") if p.is_file()):
            revision = ref.relative_to(refs).as_posix()
            snapshot = repo / "snapshots" / ref.read_text().strip()
            if not (snapshot / "config.json").is_file():
                continue
            try:
                source = resolve(name, None if revision == "main" else revision)
            except KnError:  # a name that this project can't give to a table
                continue
            model = _sized(source, snapshot)
            if model.size:
                found.append(model)
    return sorted(found, key=lambda a: a.source.key)


def _hub_cache() -> Path:
    """The hub's cache, as its own library finds it but without importing it."""
    said = os.environ
    home = Path(
        said.get("HF_HOME") or Path(said.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    )
    place = said.get("HF_HUB_CACHE") or said.get("HUGGINGFACE_HUB_CACHE") or home / "hub"
    return Path(os.path.expandvars(place)).expanduser()


def _sized(source: ModelSource, folder: Path) -> Available:
    sizes = (p.stat().st_size for pattern in _WEIGHTS for p in folder.glob(pattern) if p.is_file())
    return Available(source, folder, sum(sizes))
