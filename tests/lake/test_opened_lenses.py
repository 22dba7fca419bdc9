"""Lenses of opened prompts: files that come to a table later are known, lost ones wait again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, cast

import pyarrow as pa
import pytest

from kn_assets.atlas import lazy_lens
from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition, model
from kn_assets.lake.plan import Figures, Plan
from kn_assets.lake.schema import ALL
from kn_assets.progress import Progress
from tests.made import make_lake

ATLAS = model("tiny")


@dataclass(frozen=True)
class OfLens(Plan):
    """A plan of the one table."""

    lake: Lake
    made_of: str = "first"

    tables: ClassVar[tuple[str, ...]] = (lazy_lens.TABLE,)
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {}

    @property
    def partition(self) -> Partition:
        return ATLAS

    @property
    def model(self) -> Partition:
        return ATLAS

    def fingerprint(self, table: str) -> str:
        return self.made_of

    def make(self, tables: Collection[str], progress: Progress) -> Figures:
        lazy_lens.begin(cast(Any, self))
        return {}


def rows(prompt: int) -> pa.Table:
    schema = ALL[lazy_lens.TABLE].schema
    row = {f.name: 0 for f in schema if pa.types.is_integer(f.type) or pa.types.is_floating(f.type)}
    return pa.Table.from_pylist([{**row, "prompt_id": prompt}] * 3, schema=schema)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lazy table in which three prompts were opened."""
    lake = make_lake(tmp_path, n_prompts=3, n_layers=2, n_neurons=8, n_tokens=5)
    OfLens(lake).make([lazy_lens.TABLE], Progress())
    for prompt in range(3):
        lazy_lens.keep(lake, ATLAS, prompt, rows(prompt))
    return lake


def waiting(lake: Lake) -> list[int]:
    return [p for p in range(3) if lazy_lens.waits(lake, ATLAS, p)]


def test_opened_prompts_belong_to_the_table(lake: Lake) -> None:
    assert lake.damage(ATLAS, lazy_lens.TABLE) is None
    assert lake.read(ATLAS, lazy_lens.TABLE).num_rows == 9
    assert lake.verify(ATLAS, lazy_lens.TABLE) is None
    assert waiting(lake) == []


def test_a_lost_or_cut_one_waits_again(lake: Lake) -> None:
    files = {f.name: f for f in lake.files(ATLAS, lazy_lens.TABLE)}
    files["prompt-000000000.parquet"].unlink()
    assert lake.damage(ATLAS, lazy_lens.TABLE) is None, "no more than not opened yet"
    cut = files["prompt-000000001.parquet"]
    cut.write_bytes(cut.read_bytes()[:-1])
    with pytest.raises(KnError, match=r"logit_lens of tiny is damaged \(prompt-000000001"):
        lake.read(ATLAS, lazy_lens.TABLE)
    assert waiting(lake) == [0, 1]
    lazy_lens.keep(lake, ATLAS, 1, rows(1))
    assert lake.read(ATLAS, lazy_lens.TABLE).num_rows == 6


def test_mending_the_table_keeps_the_lenses_that_are_whole(lake: Lake) -> None:
    files = {f.name: f for f in lake.files(ATLAS, lazy_lens.TABLE)}
    flipped = files["prompt-000000001.parquet"]
    content = bytearray(flipped.read_bytes())
    content[10] ^= 1
    flipped.write_bytes(bytes(content))
    what = "prompt-000000001.parquet isn't what was written"
    assert lake.verify(ATLAS, lazy_lens.TABLE) == what
    assert lake.damage(ATLAS, lazy_lens.TABLE) == what, "it stays noted"
    OfLens(lake).make([lazy_lens.TABLE], Progress())
    assert lake.damage(ATLAS, lazy_lens.TABLE) is None
    assert waiting(lake) == [1]
    assert lake.read(ATLAS, lazy_lens.TABLE)["prompt_id"].to_pylist() == [0] * 3 + [2] * 3
    OfLens(lake, "other settings").make([lazy_lens.TABLE], Progress())
    assert waiting(lake) == [0, 1, 2]


def test_a_file_that_nobody_noted_does_not_belong(lake: Lake) -> None:
    file = lake.files(ATLAS, lazy_lens.TABLE)[-1]
    file.with_name("prompt-000000009.parquet").write_bytes(file.read_bytes())
    assert lake.damage(ATLAS, lazy_lens.TABLE) == "prompt-000000009.parquet doesn't belong to it"
