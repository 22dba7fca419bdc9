"""The views and macros of `sql/`, one to a file: the public query interface, as text."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from kn_assets.errors import KnError
from kn_assets.lake.schema import ALL

_PACKAGE = Path(__file__).parents[1]
_INSTALLED = _PACKAGE / "sql"
SQL = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent / "sql"
"""Inside an installed package, beside it in the repository."""


@dataclass(frozen=True)
class Definition:
    """A view or macro of `sql/`: its statement, and what its first comment says of it."""

    name: str
    folder: str
    statement: str
    meaning: str

    @property
    def parameters(self) -> list[str]:
        """A macro's parameters, those with a default as `seed := 0`."""
        found = re.search(rf"MACRO {self.name}\(([^)]*)\)", self.statement)
        return [p.strip() for p in found[1].split(",")] if found and found[1] else []

    @property
    def kind(self) -> str:
        """What SQL calls it: VIEW, MACRO or MACRO TABLE."""
        if self.folder == "views":
            return "VIEW"
        return "MACRO TABLE" if re.search(r"\) AS TABLE\b", self.statement) else "MACRO"

    @property
    def words(self) -> set[str]:
        """All words of the statement, the names it stands on among them."""
        return set(re.findall(r"\w+", self.statement))


def definitions(wanted: Collection[str] | None = None) -> list[Definition]:
    """All views and macros of `sql/`, those that others stand on first, in the same order in each
    process: what is bound once is known by its statements.

    wanted: names of those that are needed; what they stand on comes along.
    Raises KnError where the folder is missing.
    """
    paths = {path.stem: path for path in sorted(SQL.glob("*/*.sql"))}
    if not paths:
        raise KnError(f"the SQL of the views is not at {SQL}: install this project again")
    found: dict[str, Definition] = {}
    stands_on: dict[str, list[str]] = {}
    needed = paths.keys() & wanted if wanted is not None else set(paths)
    while needed:
        for name in needed:
            found[name] = _definition(paths[name])
            stands_on[name] = sorted(found[name].words & paths.keys() - {name})
        needed = set().union(*(stands_on[name] for name in needed)) - found.keys()
    graph = {name: stands_on[name] for name in sorted(stands_on)}
    return [found[name] for name in TopologicalSorter(graph).static_order()]


def macros() -> list[Definition]:
    """The table macros, by name: the questions that can be asked."""
    return [d for d in definitions() if d.kind == "MACRO TABLE"]


def _definition(path: Path) -> Definition:
    lines = path.read_text(encoding="utf-8").splitlines()
    meaning = " ".join(line.removeprefix("--").strip() for line in lines if line[:2] == "--")
    text = "\n".join(line for line in lines if line[:2] != "--")
    if path.parent.name == "views" and path.stem in ALL:
        meaning = ALL[path.stem].meaning
    return Definition(path.stem, path.parent.name, text, meaning)
