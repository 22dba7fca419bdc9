"""Packages of the lock: files of `setup/lock` as `uv pip compile --generate-hashes` writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LOCK = Path(__file__).parent / "lock"
_FIRST = re.compile(r"([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\s*\\?")


@dataclass(frozen=True)
class Pin:
    """One version of a package: `marker` says on which machines, "" on all."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    """SHA-256 in hexadecimal of every file that may be installed: wheels, and the source."""

    @property
    def text(self) -> str:
        """The lines of the lock."""
        first = f"{self.name}=={self.version}" + (f" ; {self.marker}" if self.marker else "")
        return " \\\n".join([first, *(f"    --hash=sha256:{h}" for h in self.hashes)]) + "\n"


def read(*names: str) -> list[Pin]:
    """The packages of the lock's files of these names (`app`), of all where none is named."""
    paths = [LOCK / f"{name}.txt" for name in names] or sorted(LOCK.glob("*.txt"))
    return [pin for path in paths for pin in parse(path.read_text(encoding="utf-8"))]


def parse(text: str) -> list[Pin]:
    """The packages of a lock's text. Raises ValueError for a line that is no part of one."""
    found: list[tuple[str, str, str, list[str]]] = []
    for line in text.splitlines():
        told = line.strip()
        if not told or told.startswith("#"):
            continue
        if first := _FIRST.fullmatch(told):
            found.append((first[1], first[2], first[3] or "", []))
        elif found and (one := _HASH.fullmatch(told)):
            found[-1][3].append(one[1])
        else:
            raise ValueError(f"no line of a lock: {line}")
    return [Pin(name, version, marker, tuple(h)) for name, version, marker, h in found]


def canonical(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def without(pins: Iterable[Pin], others: Iterable[Pin]) -> list[Pin]:
    """Those of `pins` that aren't among `others`."""
    known = {(canonical(p.name), p.version) for p in others}
    return [p for p in pins if (canonical(p.name), p.version) not in known]
