"""Where an atlas' corpus and model are: from any folder, and in a lake that was moved."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from kn_assets.atlas.extract import extract
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.lake import Lake
from kn_assets.launch.request import Request
from kn_assets.progress import Progress
from tests import small
from tests.models import tiny


def made(lake: Lake, folder: Path, **given: object) -> Request:
    """An atlas' row and tokens."""
    request = Request(lake, small.settings(folder).with_given(**given))
    request.corpus.make(request.corpus.tables, Progress())
    extract(request.plan, ["atlases", "tokens"], Progress())
    return request


def test_relative_paths_mean_the_same_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    small.settings(tmp_path)
    request = made(Lake(tmp_path / "lake"), tmp_path, corpus="cities.jsonl", model="tiny")
    source, identity = request.plan.source, request.plan.identity
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    found = AtlasPlan.of(request.lake, "tiny")
    assert found.source == source and found.source.kind == "folder"
    assert found.identity == identity
    assert found.settings.corpus == str(tmp_path / "cities.jsonl")
    found.check_same()


def test_a_lake_with_its_own_model_can_be_moved(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    tiny.save(lake.models / "geo" / "step4")
    request = made(lake, tmp_path, model=f"{lake.models / 'geo'}@step4")
    assert request.plan.source.key == "geo@step4"
    identity = request.plan.identity
    shutil.move(lake.root, tmp_path / "moved")
    moved = Lake(tmp_path / "moved")
    found = AtlasPlan.of(moved, "geo@step4")
    assert found.source.ref == str(moved.models / "geo" / "step4")
    assert found.identity == identity
    again = replace(request, lake=moved, atlas=found.settings)
    assert again.stale_corpus() == [] and "tokens" not in again.stale_atlas()
    (row,) = moved.read(found.model, "atlases", ["settings"]).to_pylist()
    assert str(tmp_path / "lake") not in row["settings"]


def test_an_atlas_whose_fingerprint_was_taken_with_paths_keeps_it(tmp_path: Path) -> None:
    """As it was before: it isn't made again, and tables that are made later fit it."""
    request = made(Lake(tmp_path / "lake"), tmp_path)
    lake, plan = request.lake, request.plan
    prompts = lake.meta(plan.corpus, "prompts")
    assert prompts
    older = request.atlas.fingerprint(prompts["fingerprint"], plan.weights)
    assert older != plan.identity
    for table in ("atlases", "tokens"):
        note = lake.table(plan.model, table) / "_table.json"
        told = {**json.loads(note.read_text()), "fingerprint": older}
        for name in ("worded", "corpus", "prompts", "source", "weights"):
            told.pop(name, None)
        note.write_text(json.dumps(told))
    assert plan.identity == older
    assert not {"atlases", "tokens"} & set(request.stale_atlas())
    extract(plan, ["atlases"], Progress())  # which tells its settings anew
    assert request.plan.identity == older
    assert AtlasPlan.of(lake, "tiny").identity == older
