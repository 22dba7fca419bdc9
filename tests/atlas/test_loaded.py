"""The model that stays in memory is the one that its files hold."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from kn_assets.atlas.loaded import load_model
from kn_assets.errors import KnError
from kn_assets.models.load import LoadedModel
from kn_assets.progress import Progress
from tests import small
from tests.models import tiny


def embedding(loaded: LoadedModel) -> torch.Tensor:
    model: Any = loaded.model
    weight: torch.Tensor = model.get_input_embeddings().weight
    return weight


def test_weights_changed_under_the_same_path_are_loaded_again(tmp_path: Path) -> None:
    request = small.request(tmp_path)
    before, first = request.plan, load_model(request.plan, Progress())
    assert before.weights, "which a run asks for before it loads them"
    assert load_model(request.plan, Progress()) is first, "it stays in memory"
    shutil.rmtree(tmp_path / "tiny")
    tiny.save(tmp_path / "tiny", seed=7)
    second = load_model(request.plan, Progress())
    assert torch.equal(embedding(second), embedding_of(7))
    assert not torch.equal(embedding(first), embedding(second))
    with pytest.raises(KnError, match=r"files of .*tiny were changed since this run began"):
        load_model(before, Progress())


def embedding_of(seed: int) -> torch.Tensor:
    return tiny.model("gpt2", seed=seed).get_input_embeddings().weight.detach()
