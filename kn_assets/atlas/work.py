"""Where the shards of a run are until their tables are made, so that a killed run can go on.

Shards are kept by what was wanted of the model. A run which was killed while it wrote tables wants
less when it goes on, of shards that hold more: those are used as they are.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kn_assets.atlas.plan import AtlasPlan

_NAME = "extract"


@dataclass(frozen=True)
class Work:
    """The unfinished work on an atlas' tables. `root` is its folder."""

    root: Path

    @classmethod
    def of(cls, plan: AtlasPlan) -> Work:
        """The work on a plan's tables; work with other settings is thrown away."""
        mine = f"{_NAME}-{plan.identity}"
        for other in plan.lake.folder(plan.model).glob(f".work-{_NAME}-*"):
            if other.name != f".work-{mine}":
                shutil.rmtree(other)
        return cls(plan.lake.work(plan.model, mine))

    def shards(self, wants: frozenset[str], n: int) -> list[Path]:
        """The folders of `n` shards with what is wanted, whether or not they are there yet."""
        for found in sorted(self.root.glob("*/")):
            whole = [found / f"{i:05}" for i in range(n)]
            if set(found.name.split("-")) > wants and all(f.exists() for f in whole):
                return whole
        return [self.root / "-".join(sorted(wants)) / f"{i:05}" for i in range(n)]

    def finish(self, wants: frozenset[str], needed: frozenset[str]) -> None:
        """Throw away the shards of `wants`, and others where nothing of theirs is `needed`."""
        for found in self.root.glob("*/"):
            held = frozenset(found.name.split("-"))
            if held == wants or not held & needed:
                _remove(found, self.root)
        if not any(self.root.glob("*/")):
            _remove(self.root, self.root)


def _remove(folder: Path, root: Path) -> None:
    """Remove a folder; what a kill leaves of it has a name that `Lake.recover` knows."""
    doomed = root.with_name(f".new-{root.name}-{folder.name}")
    folder.rename(doomed)
    shutil.rmtree(doomed)
