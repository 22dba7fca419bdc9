"""A table that an earlier version wrote is refused in one line, which names what makes it again."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from kn_assets import lake as lakes
from kn_assets.errors import KnError
from kn_assets.training.steps import log
from tests.lake import earlier
from tests.made import make_lake


def test_a_table_without_its_new_column_is_refused(tmp_path: Path) -> None:
    lake = make_lake(tmp_path, model="old")
    where = lakes.corpus("made")
    (file,) = lake.files(where, "fact_prompts")
    table = pq.read_table(file, partitioning=None)
    earlier.rewrite(file, table.rename_columns(["fact_id", "paraphrase", "text", "fact_set"]))
    assert lake.lacking(where, "fact_prompts") == {"prompt"}
    with pytest.raises(
        KnError, match=r"^fact_prompts of made .*earlier version \(no column prompt\): `kn know"
    ):
        lake.read(where, "fact_prompts")
    assert lake.read(where, "fact_prompts", ["text"]).equals(table.select(["text"]))


def test_a_log_with_unknown_columns_is_refused(tmp_path: Path) -> None:
    lake = lakes.Lake(tmp_path)
    folder = lake.models / "run"
    folder.mkdir(parents=True)
    row = {"step": 0, "loss": None, "known": 0.5}
    (folder / "training.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(KnError, match=r"earlier version \(columns known\): train the model again"):
        log.log(lake, "run")


def test_rows_lost_from_a_table_without_a_list_of_files(tmp_path: Path) -> None:
    lake = make_lake(tmp_path, n_prompts=3, n_layers=2, n_neurons=8, n_tokens=5)
    where = lakes.model("tiny")
    (file,) = lake.files(where, "neurons")
    rows = pq.read_table(file, partitioning=None)
    earlier.rewrite(file, rows)
    assert lake.verify(where, "neurons") is None
    earlier.rewrite(file, rows.slice(3))
    assert lake.damage(where, "neurons") is None, "nothing tells it at a glance"
    assert lake.verify(where, "neurons") == "13 of 16 rows"
    assert lake.damage(where, "neurons") == "13 of 16 rows", "it stays noted"
