"""Made-up lakes, each made once a process and copied: by the calls that made it."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kn_assets import synthetic
from kn_assets.lake import Lake

Call = tuple[Any, ...]
State = dict[str, tuple[int, int]]

_kept: dict[tuple[Call, ...], Path] = {}
_calls: dict[Path, tuple[tuple[Call, ...], State]] = {}
"""The calls that made a folder, and what was in it after the last."""


def make_lake(root: str | Path, *given: Any, **shape: Any) -> Lake:
    """`kn_assets.synthetic.make_lake`."""
    return _made(synthetic.make_lake, Path(root), given, shape)


def add_training(root: str | Path, *given: Any, **shape: Any) -> Lake:
    """`kn_assets.synthetic.add_training`."""
    return _made(synthetic.add_training, Path(root), given, shape)


def add_circuits(root: str | Path, *given: Any, **shape: Any) -> Lake:
    """`kn_assets.synthetic.add_circuits`."""
    return _made(synthetic.add_circuits, Path(root), given, shape)


def _made(
    make: Callable[..., Lake], root: Path, given: tuple[Any, ...], shape: dict[str, Any]
) -> Lake:
    before, then = _calls.get(root, ((), {}))
    if _state(root) != then:  # a test changed it: what comes of it is its own
        return make(root, *given, **shape)
    calls = (*before, (make.__name__, given, tuple(sorted(shape.items()))))
    if calls not in _kept:
        make(root, *given, **shape)
        _kept[calls] = _keeping() / str(len(_kept))
        shutil.copytree(root, _kept[calls])
    else:
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(_kept[calls], root)
    _calls[root] = calls, _state(root)
    return Lake(root)


def _state(root: Path) -> State:
    """Size and time of each file; empty for a folder without any, as for one that isn't there."""
    found = {path: path.stat() for path in root.rglob("*") if path.is_file()}
    return {str(path): (stat.st_size, stat.st_mtime_ns) for path, stat in found.items()}


@functools.cache
def _keeping() -> Path:
    """The folder for what is kept, gone with the process that made it."""
    folder, owner = Path(tempfile.mkdtemp(prefix="kn-made-")), os.getpid()

    def remove() -> None:
        if os.getpid() == owner:  # and not one that was forked from it
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder
