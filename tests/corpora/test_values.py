"""Numbers of an own file that no column of the lake can hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from kn_assets.corpora.plan import CorpusPlan
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.progress import Progress


@pytest.mark.parametrize("value", ["1e999", "-1e999", "Infinity"])
@pytest.mark.parametrize("column", ["population", "city_id"])
def test_infinite_whole_numbers_are_named(tmp_path: Path, value: str, column: str) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text(f'{{"name": "a", "text": "b c d", "{column}": {value}}}\n')
    plan = CorpusPlan(Lake(tmp_path / "lake"), str(file))
    with pytest.raises(KnError, match=rf"line 1: {column} can't be '-?inf'"):
        plan.make(plan.tables, Progress())
