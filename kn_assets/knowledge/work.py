"""Parts of the tables about facts, kept until the tables are written, so that a killed run resumes.

Answers, attributions and interventions are made in independent parts: a batch, a prompt or a fact
each. The rows of a part are written to a file at once, in a folder named by the fingerprint of the
tables: a run resumes the work of an earlier one with the same settings only.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from kn_assets.lake import said_plainly
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.atlas.plan import AtlasPlan

Part = tuple[pa.Table, ...]
"""Rows of one or more tables."""

Make = Callable[[list[int]], Iterable[Part]]
"""Makes the parts of some indices, one after the other."""

Parts = Callable[[str, Sequence[str], Make], list[Part]]
"""Gives the parts of a stage, in the order of their names, out of what makes them."""

KNOWLEDGE, CIRCUITS = "knowledge-", "circuits-"
"""Whose parts: the tables of each are made, and thrown away, on their own."""


def at_once(stage: str, names: Sequence[str], make: Make) -> list[Part]:
    """Make all parts and keep none: `Parts` for what isn't worth going on with."""
    return list(make(list(range(len(names)))))


class Work:
    """The unfinished work on an atlas' tables about facts. `root`: its folder, if there is any."""

    def __init__(
        self, plan: AtlasPlan, fingerprint: str, progress: Progress, of: str = KNOWLEDGE
    ) -> None:
        """Take up the work on the tables of `fingerprint`; other work `of` its kind is thrown
        away.
        """
        self._lake, self._of, self._name = plan.lake, plan.model, of + fingerprint
        self._progress = progress
        self.root = plan.lake.folder(plan.model) / f".work-{self._name}"
        for found in _found(plan, of):
            if found != self.root:
                _remove(found)

    def parts(self, stage: str, names: Sequence[str], make: Make) -> list[Part]:
        """The parts of a stage, in the order of `names`; `make` is asked for those alone that no
        earlier run kept.
        """
        left = [i for i, name in enumerate(names) if not self._file(stage, name).exists()]
        if done := len(names) - len(left):
            self._progress.say(f"{stage}: resuming, {done} of {len(names)} parts done")
        for i, part in zip(left, make(left), strict=True):
            with said_plainly(self._lake.root):
                self._keep(self._file(stage, names[i]), part)
        return [_read(self._file(stage, name)) for name in names]

    def finish(self) -> None:
        """Throw the work away: its tables are written."""
        if self.root.exists():
            _remove(self.root)

    def _file(self, stage: str, name: str) -> Path:
        return self.root / f"{stage}-{name}.arrows"

    def _keep(self, place: Path, part: Part) -> None:
        """Write a part's tables as Arrow streams, one behind the other in one file."""
        self._lake.work(self._of, self._name)
        self._lake.check_room()
        fresh = place.with_name(f".{place.name}.new")
        with pa.OSFile(str(fresh), "wb") as file:
            for table in part:
                with pa.ipc.new_stream(file, table.schema) as stream:
                    stream.write_table(table)
        fresh.replace(place)


def tidy(plan: AtlasPlan, of: str = KNOWLEDGE) -> None:
    """Throw all work away: the tables are there, and a run was killed right before it did."""
    for found in _found(plan, of):
        _remove(found)


def _read(place: Path) -> Part:
    tables = []
    with pa.OSFile(str(place), "rb") as file:
        while file.tell() < file.size():
            tables.append(pa.ipc.open_stream(file).read_all())
    return tuple(tables)


def _found(plan: AtlasPlan, of: str) -> list[Path]:
    return list(plan.lake.folder(plan.model).glob(f".work-{of}*"))


def _remove(folder: Path) -> None:
    """Remove a folder; what a kill leaves of it has a name that `Lake.recover` knows."""
    doomed = folder.with_name(f".new-{folder.name}")
    shutil.rmtree(doomed, ignore_errors=True)
    folder.rename(doomed)
    shutil.rmtree(doomed)
