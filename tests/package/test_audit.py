"""The audit: which versions an advisory is about, and what the command says."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.package.setting_up import module

advisories = module("advisories")
audit = module("audit")
pins = module("pins")


def advisory(*events: dict[str, str], **more: Any) -> dict[str, Any]:
    """One about `Tiny_Package`, by a range of these events."""
    ranges = [{"type": more.pop("type", "ECOSYSTEM"), "events": list(events)}] if events else []
    package = {"ecosystem": more.pop("ecosystem", "PyPI"), "name": "Tiny_Package"}
    affected = {"package": package, "ranges": ranges, "versions": more.pop("versions", [])}
    return {"id": "PYSEC-1", "summary": "it leaks", "affected": [affected], **more}


def is_about(told: dict[str, Any], version: str) -> bool:
    return any(a.is_about(version) for a in advisories._advisories(told))


ZERO, FIXED, LAST = {"introduced": "0"}, {"fixed": "1.10"}, {"last_affected": "1.9"}


@pytest.mark.parametrize(
    ("events", "affected", "free"),
    [
        ((ZERO, FIXED), ("0", "0.1.dev1", "1.9", "1.10rc1"), ("1.10", "1.10.post1", "1.11")),
        ((ZERO, LAST), ("1.2", "1.9", "1.9.0"), ("1.9.1", "1.9.post1", "1.10")),
        ((ZERO,), ("0", "1!2"), ()),
        (({"introduced": "1.2"}, FIXED), ("1.2", "1.9"), ("1.1", "1.2rc1", "1.10")),
        # the order in which events are written doesn't count, and a fault may come back
        (
            ({"fixed": "3.2"}, {"introduced": "3"}, FIXED, ZERO),
            ("1.9", "3.0", "3.1"),
            ("1.10", "2.9", "3.2"),
        ),
        (({"introduced": "1"}, {"fixed": "2"}, {"introduced": "2"}), ("1", "2", "3"), ("0.9",)),
        ((ZERO, {"limit": "2.0"}), ("1.9",), ("2.0", "3")),
        ((ZERO, {"fixed": "not a version"}, FIXED), ("1.9",), ("1.10",)),
    ],
)
def test_a_range_by_its_events(
    events: tuple[dict[str, str], ...], affected: tuple[str, ...], free: tuple[str, ...]
) -> None:
    told = advisory(*events)
    assert [v for v in affected if not is_about(told, v)] == []
    assert [v for v in free if is_about(told, v)] == []


def test_versions_that_are_named_one_by_one() -> None:
    told = advisory(versions=["1.0", "2.0rc1", "old-2004"])
    assert is_about(told, "1.0.0")
    assert is_about(told, "2.0RC1")
    assert not is_about(told, "2.0")
    # either is enough
    assert is_about(advisory({"introduced": "5"}, versions=["1.0"]), "1")
    assert is_about(advisory({"introduced": "5"}, versions=["1.0"]), "6")


def test_a_builds_own_part_of_a_version_does_not_count() -> None:
    assert is_about(advisory(ZERO, LAST), "1.9+cpu")
    assert not is_about(advisory(ZERO, FIXED), "1.10+cpu")
    assert is_about(advisory(versions=["1.9"]), "1.9+cpu")


@pytest.mark.parametrize(
    "more", [{"withdrawn": "2024-01-01T00:00:00Z"}, {"ecosystem": "npm"}, {"type": "GIT"}]
)
def test_what_is_withdrawn_or_about_something_else_is_passed_over(more: dict[str, str]) -> None:
    assert is_about(advisory(ZERO), "1")
    assert not is_about(advisory(ZERO, **more), "1")


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> None:
    pin = pins.Pin("tiny.package", "1.9", "", ("0" * 64,))
    monkeypatch.setattr(pins, "read", lambda *names: [pin])
    monkeypatch.setattr(audit, "distributions", list)


def written(folder: Path, *told: dict[str, Any]) -> tuple[Path, Path]:
    """The same database as a folder and as a ZIP file."""
    (folder / "db").mkdir()
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        for i, one in enumerate(told):
            (folder / "db" / f"{i}.json").write_text(json.dumps(one))
            archive.writestr(f"{i}.json", json.dumps(one))
    return folder / "db", folder / "all.zip"


def test_a_line_tells_of_each_and_the_code_is_1(
    packages: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = advisory(ZERO, FIXED, id="GHSA-1", aliases=["CVE-1", "PYSEC-1"])
    other = advisory(ZERO, id="PYSEC-2", summary="it\n breaks")
    for place in written(tmp_path, advisory(ZERO, FIXED, aliases=["CVE-1"]), same, other):
        assert audit.main(str(place)) == 1
        assert capsys.readouterr().out.splitlines() == [
            "tiny-package 1.9 (locked): GHSA-1, CVE-1, PYSEC-1: it leaks; fixed in 1.10",
            "tiny-package 1.9 (locked): PYSEC-2: it breaks; no fixed version is named",
        ]


def test_nothing_known_is_code_0(
    packages: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in written(tmp_path, advisory(ZERO, {"fixed": "1.8"})):
        assert audit.main(str(place)) == 0
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err == "1 packages, no known advisories\n"


def test_what_is_no_database_is_code_2_and_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "no.zip").write_text("no archive")
    (tmp_path / "bad.json").write_text('{"affected": 1}')
    for name in ("empty", "no.zip", "bad.json", "missing", "missing.json"):
        assert audit.main(str(tmp_path / name)) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert len(told.err.splitlines()) == 1
        assert name in told.err


def test_locked_and_installed_packages_are_looked_at() -> None:
    found = audit.looked_at()
    assert found["pyarrow"] == {"26.0.1": "locked, installed"}
    assert found["nvidia-nccl-cu13"].popitem()[1].startswith("locked")
    assert "installed" in found["knowledge-neurons-explorer"].popitem()[1]
