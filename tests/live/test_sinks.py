"""A live text's attention sinks are those that the atlas tells of the same text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kn_assets.atlas.extract import extract
from kn_assets.live.model import LiveModel
from kn_assets.progress import Progress
from tests.atlas.activations.test_sinks import PLANTED, planted
from tests.atlas.test_extract import texts

LENGTH = 20


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_sinks_of_a_live_text_are_the_atlas(tmp_path: Path, family: str) -> None:
    """First, later, several in a row, as all of a text, and in none."""
    written = texts(15)
    for i, text in enumerate(written):
        changed = [text, PLANTED + text, f"{text[:9]} {PLANTED}{PLANTED}", PLANTED * 4, text[:5]]
        written[i] = changed[i % 5]
    plan = planted(tmp_path, family, written, tokens=LENGTH, density=0.1, top_k=4)
    extract(plan, ["atlases", "thresholds", "tokens"], Progress())
    tokens = plan.lake.read(plan.model, "tokens").sort_by(
        [("prompt_id", "ascending"), ("position", "ascending")]
    )
    prompts = tokens["prompt_id"].to_numpy()
    stored = tokens["sink"].to_numpy(zero_copy_only=False)
    assert 0 < stored.sum() < len(stored)
    live = LiveModel.of(plan.lake, plan.model.key, Progress())
    for prompt, text in enumerate(written):
        found = live.run(text, Progress(), LENGTH).sinks
        np.testing.assert_array_equal(found, stored[prompts == prompt])
