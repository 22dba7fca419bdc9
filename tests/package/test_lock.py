"""The lock holds all that is installed, with hashes, and nothing of where it was made."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, requires, version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.docs.pages import ROOT
from tests.package.setting_up import module

pins = module("pins")
FILES = ("tools", "uv", "app", "torch", "cuda", "test", "docs")
EXTRAS = ("", "test", "dev", "docs")


def locked(*names: str) -> dict[str, set[str]]:
    """Versions by package."""
    found: dict[str, set[str]] = {}
    for pin in pins.read(*names):
        found.setdefault(canonicalize_name(pin.name), set()).add(pin.version.partition("+")[0])
    return found


def test_every_package_has_hashes() -> None:
    assert sorted(p.stem for p in pins.LOCK.glob("*.txt")) == sorted(FILES)
    for name in FILES:
        found = pins.read(name)
        assert found
        assert all(pin.hashes for pin in found), name


def test_the_lock_names_no_address() -> None:
    paths = list(pins.LOCK.glob("*.txt"))
    assert paths
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index" not in text
        assert "--find" not in text


def test_a_locks_text_is_read_as_it_is_written() -> None:
    text = "".join(pin.text for pin in pins.read())
    assert pins.parse(text) == pins.read()
    with pytest.raises(ValueError, match="no line of a lock"):
        pins.parse("--index-url somewhere\n")


def test_it_has_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    wanted = {
        ("app", "torch"): project["project"]["dependencies"],
        ("app", "tools", "test"): [*extras["test"], *extras["dev"]],
        ("app", "tools", "docs"): extras["docs"],
        ("tools",): [*project["dependency-groups"]["setup"], *project["build-system"]["requires"]],
        ("uv",): project["dependency-groups"]["uv"],
    }
    assert all(wanted.values())
    for files, asked in wanted.items():
        have = locked(*files)
        for requirement in map(Requirement, asked):
            (specifier,) = requirement.specifier
            assert have[canonicalize_name(requirement.name)] == {specifier.version}


def test_what_locked_packages_need_is_locked_too() -> None:
    """By the packages' own words, as they are installed here."""
    have = locked()
    n_seen = 0
    for name in have:
        try:
            told = requires(name) or []
        except PackageNotFoundError:  # for another machine
            continue
        for needed in map(Requirement, told):
            if needed.marker and not needed.marker.evaluate({"extra": ""}):
                continue
            n_seen += 1
            found = have.get(canonicalize_name(needed.name), set())
            assert any(needed.specifier.contains(v, prereleases=True) for v in found), (
                f"{name} needs {needed}, locked is {found}"
            )
    assert n_seen > 300


def test_what_is_installed_here_is_what_is_locked() -> None:
    have = locked("app", "torch")
    n_same = 0
    for name, versions in have.items():
        try:
            found = version(name).partition("+")[0]
        except PackageNotFoundError:
            continue
        assert found in versions, name
        n_same += 1
    assert n_same > 100
