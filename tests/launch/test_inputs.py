"""What a table is made of is told: whoever makes it reads no other of the atlas, so that none comes
too early. The corpus is whole before.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from kn_assets.defs import assets
from kn_assets.lake import Lake, Partition
from kn_assets.launch.run import run
from tests import small


def test_tables_are_made_of_what_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    allowed: set[str] = set()
    seen: set[str] = set()
    wrong: set[tuple[str, str]] = set()
    made, files = assets._made, Lake.files

    def making(plan: Any, tables: Collection[str], *more: Any) -> Any:
        allowed.update(tables, *(plan.inputs.get(table, ()) for table in tables))
        each = made(plan, tables, *more)
        first = next(each)  # all are made by then; their checks may read what they like
        seen.update(allowed)
        allowed.clear()
        yield first
        yield from each

    def told(lake: Lake, partition: Partition, name: str) -> list[Path]:
        if allowed and partition.kind == "model" and name not in allowed:
            wrong.add((name, " ".join(sorted(allowed))))
        return files(lake, partition, name)

    monkeypatch.setattr(assets, "_made", making)
    monkeypatch.setattr(Lake, "files", told)
    assert run(small.request(tmp_path))
    assert not wrong
    assert {"tokens", "prompts", "map_clusters", "neuron_vocabulary_linear"} <= seen
