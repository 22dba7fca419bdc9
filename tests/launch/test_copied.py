"""A lake and what it is made of, copied with other times: what is equal is not made again."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from kn_assets.atlas.extract import extract
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.corpora.plan import CorpusPlan
from kn_assets.knowledge.fact_tables import OF_CORPUS, FactsPlan
from kn_assets.lake import Lake
from kn_assets.lake.plan import stale
from kn_assets.launch.refusals import refuse
from kn_assets.launch.request import Request
from kn_assets.models import source as sources
from kn_assets.progress import Progress
from kn_assets.training.steps.lens import FactLensPlan
from tests import small
from tests.models import tiny

MADE = ["atlases", "tokens"]


def copied(of: Path, to: Path) -> Path:
    """As `cp -r` copies: every file is of a later time."""
    shutil.copytree(of, to, copy_function=shutil.copyfile)
    for path in to.rglob("*"):
        os.utime(path, (2e9, 2e9))
    return to


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    """A lake that holds its model, as `kn train` leaves it, with some tables of its atlas."""
    lake = Lake(tmp_path / "lake")
    tiny.save(lake.models / "geo" / "step4")
    request = Request(lake, small.settings(tmp_path, model=f"{lake.models / 'geo'}@step4"))
    request.corpus.make(request.corpus.tables, Progress())
    extract(request.plan, MADE, Progress())
    return request


def asked_again(root: Path, request: Request) -> Request:
    lake = Lake(root)
    return replace(request, lake=lake, atlas=AtlasPlan.of(lake, "geo@step4").settings)


def test_an_atlas_of_copied_weights_is_not_made_again(request_: Request, tmp_path: Path) -> None:
    lens = FactLensPlan(request_.plan, (0,)).fingerprint("fact_lens")
    again = asked_again(copied(request_.lake.root, tmp_path / "copy"), request_)
    assert again.plan.files != request_.plan.files, "the times are others"
    assert not set(MADE) & set(again.stale_atlas())
    again.plan.check_same()
    refuse(again)
    assert FactLensPlan(again.plan, (0,)).fingerprint("fact_lens") == lens


def test_the_weights_of_a_copy_are_read_once(
    request_: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = copied(request_.lake.root, tmp_path / "copy")
    identity = asked_again(root, request_).plan.identity
    assert identity == request_.plan.identity
    monkeypatch.setattr(sources, "content", None)  # weights can't be read from here on
    assert asked_again(root, request_).plan.identity == identity


def test_other_weights_of_the_same_size_are_told(request_: Request, tmp_path: Path) -> None:
    root = copied(request_.lake.root, tmp_path / "copy")
    file = root / "models" / "geo" / "step4" / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    again = asked_again(root, request_)
    assert set(MADE) <= set(again.stale_atlas())
    assert again.plan.identity != request_.plan.identity


def told(folder: Path, capital: str) -> None:
    """A fact in a file of LRE's format."""
    folder.mkdir(exist_ok=True)
    relation = {
        "name": "capital",
        "prompt_templates": ["The capital of {} is"],
        "samples": [{"subject": "Peru", "object": capital}],
    }
    (folder / "capital.json").write_text(json.dumps(relation))


@pytest.fixture
def facts(tmp_path: Path) -> FactsPlan:
    """Facts made of a folder."""
    corpus = CorpusPlan(Lake(tmp_path / "lake"), str(small.corpus_file(tmp_path)))
    corpus.make(corpus.tables, Progress())
    told(tmp_path / "facts", "Lima")
    plan = FactsPlan(corpus, str(tmp_path / "facts"))
    plan.make(plan.tables, Progress())
    return plan


def test_a_copied_folder_of_facts_is_the_same(facts: FactsPlan, tmp_path: Path) -> None:
    copy = replace(facts, file=str(copied(tmp_path / "facts", tmp_path / "elsewhere")))
    assert stale(copy) == []
    told(tmp_path / "elsewhere", "Cuzc")
    assert stale(copy) == list(OF_CORPUS)
