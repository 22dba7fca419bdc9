"""What a run doesn't replace unasked: the same key from another source, prompts an atlas is of."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import ALL
from kn_assets.launch.refusals import refuse
from kn_assets.launch.request import Request
from kn_assets.progress import Progress
from tests import small
from tests.launch.conftest import Copy
from tests.models import tiny


def other_corpus(folder: Path) -> Path:
    """Another file of the name `cities.jsonl`."""
    folder.mkdir()
    return small.corpus_file(folder, repeats=2)


def test_a_corpus_file_of_the_same_name(copy: Copy, tmp_path: Path) -> None:
    request = copy(tmp_path / "lake")
    mine, other = request.atlas.corpus, str(other_corpus(tmp_path / "y"))
    for only in ((), ("prompts",)):
        asked = replace(request, atlas=request.atlas.with_given(corpus=other), only=only)
        with pytest.raises(KnError, match="--force") as told:
            refuse(asked)
        assert mine in str(told.value) and other in str(told.value)
    mixed = replace(asked, force=True)
    with pytest.raises(KnError, match=r"tiny is of the prompts of cities .* leave --only out"):
        refuse(mixed)
    refuse(replace(asked, only=(), force=True))


def test_a_file_that_moved_is_the_same(copy: Copy, tmp_path: Path) -> None:
    request = copy(tmp_path / "lake")
    (tmp_path / "elsewhere").mkdir()
    moved = shutil.copy(request.atlas.corpus, tmp_path / "elsewhere")
    asked = replace(request, atlas=request.atlas.with_given(corpus=str(moved)))
    refuse(asked)
    assert asked.stale_corpus() == asked.stale_atlas() == []


def test_a_file_that_was_changed_leaves_no_atlas_with_other_prompts(
    copy: Copy, tmp_path: Path
) -> None:
    request = copy(tmp_path / "lake")
    file = shutil.copy(request.atlas.corpus, tmp_path)
    asked = replace(request, atlas=request.atlas.with_given(corpus=str(file)))
    asked.corpus.make(asked.corpus.tables, Progress())
    other_model = tmp_path / "second"
    tiny.save(other_model)
    with Path(file).open("a", encoding="utf-8") as lines:
        lines.write('\n{"name": "Oslo", "text": "Oslo is the capital of Norway."}')
    with pytest.raises(KnError, match="leave --only out"):
        refuse(replace(asked, only=("prompts",)))
    refuse(asked)  # the one atlas there is, which is made again
    second = replace(asked, atlas=asked.atlas.with_given(model=str(other_model)))
    with pytest.raises(KnError, match="tiny is of the prompts of cities as they are"):
        refuse(second)


def test_a_model_of_the_same_name(copy: Copy, tmp_path: Path) -> None:
    request = copy(tmp_path / "lake")
    other = tmp_path / "b" / "tiny"
    tiny.save(other, seed=7)
    asked = replace(request, atlas=request.atlas.with_given(model=str(other)))
    with pytest.raises(KnError, match="--force") as told:
        refuse(asked)
    assert request.atlas.model in str(told.value) and str(other) in str(told.value)
    refuse(replace(asked, force=True))
    same = tmp_path / "c" / "tiny"
    shutil.copytree(request.atlas.model, same)
    refuse(replace(request, atlas=request.atlas.with_given(model=str(same))))


def test_a_hub_model_of_the_same_name(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    request = Request(lake, small.settings(tmp_path, model="orga/m"))
    request.corpus.make(request.corpus.tables, Progress())
    notes = request.plan.notes("atlases")
    row = {"corpus": "cities", "n_prompts": 1, "n_layers": 1, "n_neurons": 1}
    rows = pa.Table.from_pylist([row], schema=ALL["atlases"].schema)
    lake.write(Partition("model", "m"), "atlases", rows, "x", **notes)
    with pytest.raises(KnError, match="atlas m is of orga/m, not of orgb/m: give --force"):
        refuse(replace(request, atlas=request.atlas.with_given(model="orgb/m")))


def test_what_touches_no_atlas_is_not_refused_for_its_sake(copy: Copy, tmp_path: Path) -> None:
    request = copy(tmp_path / "lake")
    asked = replace(request, atlas=request.atlas.with_given(corpus="geonames"), only=("prompts",))
    refuse(asked)
    with pytest.raises(KnError, match="holds corpus cities"):
        refuse(replace(asked, only=()))
