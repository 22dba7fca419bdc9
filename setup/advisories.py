"""Advisories about packages, in OSV's format, and whether they are about a version.

As https://ossf.github.io/osv-schema says: an advisory names versions one by one, or ranges by
events (introduced, fixed, last_affected, limit). Versions are compared by PEP 440.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_FIRST = Version("0.dev0")  # before every other: "0" in a range is the very first version


class Unreadable(Exception):
    """What was given is no database of advisories; the words say why."""


@dataclass(frozen=True)
class Advisory:
    """One advisory about one package of PyPI."""

    ids: tuple[str, ...]
    """Its name, then the others that it goes by."""
    package: str
    summary: str
    versions: frozenset[str] = frozenset()
    ranges: tuple[tuple[tuple[str, str], ...], ...] = field(default=())
    """Events of each range: what happened, and the version."""

    def is_about(self, version: str) -> bool:
        """Whether a version is affected. A build's own part, as `+cpu`, doesn't count."""
        told = Version(Version(version).public)
        return any(_same(v, told) for v in self.versions) or any(
            _within(events, told) for events in self.ranges
        )

    def fixed_after(self, version: str) -> str | None:
        """The first version above this one that has it fixed, where one is named."""
        fixed = [_read(v) for events in self.ranges for what, v in events if what == "fixed"]
        later = [v for v in fixed if v and v > Version(Version(version).public)]
        return str(min(later)) if later else None


def read(place: Path) -> Iterator[Advisory]:
    """The advisories of an export: a ZIP file, a folder with JSON files, or one of them.

    Those withdrawn, and those of other ecosystems, are left out. Raises Unreadable.
    """
    n = 0
    for name, text in _texts(place):
        try:
            told = json.loads(text)
            found = list(_advisories(told))
        except (ValueError, KeyError, TypeError, AttributeError) as e:
            raise Unreadable(f"{name} is no advisory in OSV's format") from e
        n += 1
        yield from found
    if not n:
        raise Unreadable(f"{place} holds no JSON files: give an export of OSV for PyPI")


def _texts(place: Path) -> Iterator[tuple[str, bytes]]:
    try:
        if place.is_dir():
            for path in sorted(place.rglob("*.json")):
                yield str(path), path.read_bytes()
        elif place.suffix == ".json":
            yield str(place), place.read_bytes()
        else:
            with zipfile.ZipFile(place) as archive:
                for name in sorted(archive.namelist()):
                    if name.endswith(".json"):
                        yield name, archive.read(name)
    except (OSError, zipfile.BadZipFile) as e:
        raise Unreadable(f"{place} can't be read: {e}") from e


def _advisories(told: dict[str, Any]) -> Iterator[Advisory]:
    if told.get("withdrawn"):
        return
    ids = (str(told["id"]), *told.get("aliases", ()))
    for affected in told.get("affected", ()):
        package = affected.get("package", {})
        if package.get("ecosystem", "").partition(":")[0] != "PyPI":
            continue
        summary = told.get("summary") or told.get("details", "").strip().partition("\n")[0]
        yield Advisory(
            ids,
            canonicalize_name(package["name"]),
            " ".join(summary.split()),
            frozenset(affected.get("versions", ())),
            tuple(
                tuple((what, str(v)) for event in one["events"] for what, v in event.items())
                for one in affected.get("ranges", ())
                if one.get("type") in ("ECOSYSTEM", "SEMVER")  # GIT's are commits
            ),
        )


def _within(events: tuple[tuple[str, str], ...], version: Version) -> bool:
    """Whether the last event up to a version leaves it affected.

    An event of a version that PEP 440 can't read is passed over; so old ones are named one by one.
    """
    limits = [v for what, text in events if what == "limit" and text != "*" and (v := _read(text))]
    if limits and version >= max(limits):
        return False
    known = [(v, what) for what, text in events if what != "limit" and (v := _read(text))]
    affected = False
    # Of events at one version, what ends a range stands before what begins the next one.
    for at, what in sorted(known, key=lambda event: (event[0], event[1] == "introduced")):
        if what == "introduced" and version >= at:
            affected = True
        elif (what == "fixed" and version >= at) or (what == "last_affected" and version > at):
            affected = False
    return affected


def _read(text: str) -> Version | None:
    try:
        return _FIRST if text == "0" else Version(text)
    except InvalidVersion:
        return None


def _same(text: str, version: Version) -> bool:
    try:
        return Version(text) == version
    except InvalidVersion:
        return False
