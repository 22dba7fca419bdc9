"""Which tables of a plan are stale: by what they are made of, what they stand on, their checks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pytest

from kn_assets.lake import Lake, Partition
from kn_assets.lake import fingerprint as fingerprints
from kn_assets.lake.plan import Figures, Plan, awaits_checks, is_current, is_made, stale, write
from kn_assets.lake.schema import ALL
from kn_assets.progress import Progress

HERE = Partition("corpus", "made")


@dataclass(frozen=True)
class Made(Plan):
    """Tables without rows, made of what a test says."""

    lake: Lake
    of: dict[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()

    tables: ClassVar[tuple[str, ...]] = ("cities", "pages", "prompts")
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {"pages": ("cities",), "prompts": ("pages",)}

    @property
    def partition(self) -> Partition:
        return HERE

    def fingerprint(self, table: str) -> str:
        return self.of.get(table, "first")

    def lacking(self, table: str) -> str | None:
        return "its source" if table in self.without else None

    def make(self, tables: Collection[str], progress: Progress) -> Figures:
        for table in (t for t in self.tables if t in tables):
            write(self, table, ALL[table].schema.empty_table())
        return {}


class Whole(Made):
    """The same tables where none can be made without the others."""

    one_pass: ClassVar[tuple[str, ...]] = Made.tables
    divisible: ClassVar[bool] = False


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path)
    Made(lake).make(Made.tables, Progress())
    return lake


def test_what_is_there_as_it_would_be_made_is_current(lake: Lake) -> None:
    assert stale(Made(lake)) == []
    lake.remove(HERE, "prompts")
    assert stale(Made(lake)) == ["prompts"]


def test_what_stands_on_a_stale_table_is_stale(lake: Lake) -> None:
    assert stale(Made(lake, {"cities": "other"})) == ["cities", "pages", "prompts"]
    assert stale(Made(lake, {"pages": "other"})) == ["pages", "prompts"]


def test_only_and_force(lake: Lake) -> None:
    assert stale(Made(lake), force=True) == ["cities", "pages", "prompts"]
    assert stale(Made(lake), ["pages"], force=True) == ["pages"]
    assert stale(Made(lake, {"cities": "other"}), ["pages"]) == []
    assert stale(Made(lake), ["neurons"], force=True) == [], "a table of another plan"


def test_what_lacks_something_is_left_out(lake: Lake) -> None:
    of = {"cities": "other", "prompts": "other"}
    assert stale(Made(lake, of, without=("cities",))) == ["prompts"]


def test_what_is_made_in_one_go_is_stale_in_one_go(lake: Lake) -> None:
    assert stale(Whole(lake)) == []
    assert stale(Whole(lake, {"prompts": "other"})) == ["cities", "pages", "prompts"]


def test_a_table_counts_as_made_only_if_its_checks_passed(tmp_path: Path) -> None:
    lake = Lake(tmp_path, checked=True)
    plan = Made(lake)
    plan.make(["cities"], Progress())
    assert awaits_checks(plan, "cities") and not is_current(plan, "cities")
    assert not awaits_checks(Made(lake, {"cities": "other"}), "cities"), "it is to be made again"
    lake.note_checks(HERE, "cities", ["keys_unique"])
    assert not awaits_checks(plan, "cities") and not is_made(lake, HERE, "cities")
    assert stale(plan) == ["cities", "pages", "prompts"]
    lake.note_checks(HERE, "cities", [])
    assert is_current(plan, "cities")
    assert stale(plan) == ["pages", "prompts"]


def test_a_table_without_a_note_on_checks_counts_as_made(lake: Lake) -> None:
    assert "failed_checks" not in (lake.meta(HERE, "cities") or {})
    assert is_made(lake, HERE, "cities")


def test_fingerprints_stay_what_they_were(tmp_path: Path) -> None:
    """Lakes hold these: another value makes all of their tables again."""
    (tmp_path / "file").write_bytes(b"text")
    rows = pa.table({"a": [1], "b": ["x"]})
    assert fingerprints.of_bytes(b"text") == "982d9e3eb996f559"
    assert fingerprints.of_file(tmp_path / "file")[:16] == "982d9e3eb996f559"
    assert fingerprints.of_json({"b": 1, "a": [2, None]}, sort_keys=True) == "2b837dfef2b42872"
    assert fingerprints.of_json([1, "é"]) == "aadb9b614605953c"
    assert fingerprints.of_table(rows) == "8eb01ace1665f1cd"
