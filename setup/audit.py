"""Which packages have known advisories, by a database that was downloaded: asks no network.

    python setup/audit.py DATABASE

DATABASE is OSV's export for PyPI: the ZIP file, a folder with its JSON files, or one of them.
Looked at are the packages of setup/lock, and those installed in the environment whose Python runs
this. One line tells of each package and advisory. The exit code is 1 where there is any, 2 where
the database can't be read.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from importlib.metadata import distributions
from pathlib import Path

import advisories
import pins
from packaging.version import InvalidVersion, Version


def main(*given: str) -> int:
    """Audit; returns the exit code."""
    if len(given) != 1:
        print("give OSV's export for PyPI, a ZIP file or a folder: make audit DB=FILE")
        return 2
    packages = looked_at()
    try:
        lines = list(findings(Path(given[0]), packages))
    except advisories.Unreadable as e:
        print(e, file=sys.stderr)
        return 2
    for line in lines:
        print(line)
    n = sum(len(versions) for versions in packages.values())
    print(f"{n} packages, {len(lines) or 'no'} known advisories", file=sys.stderr)
    return int(bool(lines))


def findings(place: Path, packages: dict[str, dict[str, str]]) -> list[str]:
    """A line for each advisory about a version; one that has two names is one.

    packages: by name and version, where it is. Raises Unreadable.
    """
    found: dict[tuple[str, str], list[advisories.Advisory]] = defaultdict(list)
    for advisory in advisories.read(place):
        for version in packages.get(advisory.package, {}):
            if advisory.is_about(version):
                found[advisory.package, version].append(advisory)
    lines = []
    for (name, version), those in sorted(found.items()):
        told: set[str] = set()
        for advisory in sorted(those, key=lambda a: a.ids):
            if told.isdisjoint(advisory.ids):
                fixed = advisory.fixed_after(version)
                cure = f"fixed in {fixed}" if fixed else "no fixed version is named"
                names = ", ".join(advisory.ids)
                where = packages[name][version]
                lines.append(f"{name} {version} ({where}): {names}: {advisory.summary}; {cure}")
            told |= set(advisory.ids)
    return lines


def looked_at() -> dict[str, dict[str, str]]:
    """By name and version, whether it is locked, installed, or both."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for pin in pins.read():
        found[pins.canonical(pin.name)][pin.version] = "locked"
    for one in distributions():
        versions = found[pins.canonical(one.name)]
        if _is_version(one.version):
            where = "locked, installed" if one.version in versions else "installed"
            versions[one.version] = where
    return found


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
