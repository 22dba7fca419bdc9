"""Peak memory is measured of real runs, over prompts repeated to any number."""

import argparse
from pathlib import Path

import pytest

from kn_assets.atlas.settings import AtlasSettings
from kn_assets.bench import memory
from kn_assets.bench.extract import prepared
from kn_assets.errors import KnError
from tests import small


def test_prompts_are_repeated_under_ids_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KN_DATA", str(tmp_path / "own"))
    (tmp_path / "lake").mkdir()
    settings = AtlasSettings(corpus=str(small.corpus_file(tmp_path)))
    plan = prepared(tmp_path / "lake", settings)
    before = plan.lake.read(plan.corpus, "prompts")["text"].to_pylist()
    memory._repeat_prompts(plan, 2 * len(before) + 1)
    found = plan.lake.read(plan.corpus, "prompts")
    assert found["prompt_id"].to_pylist() == list(range(2 * len(before) + 1))
    assert found["text"].to_pylist() == [*before, *before, before[0]]


def test_two_sizes_are_needed() -> None:
    with pytest.raises(KnError, match="two sizes or more"):
        memory.run(argparse.Namespace(prompts=[5], model=None, corpus="geonames", dtype="auto"))
