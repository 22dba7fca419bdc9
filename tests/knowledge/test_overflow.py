"""Blocks that are run by hand refuse what overflows, which a norm may turn into plain numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from kn_assets.errors import KnError
from kn_assets.knowledge.attribution import attribute
from kn_assets.knowledge.interventions import Change, change
from kn_assets.knowledge.last_token import last_token
from kn_assets.lake import Lake
from kn_assets.models.load import LoadedModel, load
from kn_assets.models.source import resolve
from tests.models import tiny

IDS = [3, 5, 7]


@pytest.fixture
def loaded(tmp_path: Path) -> Iterator[LoadedModel]:
    folder = tiny.save(tmp_path / "m", "llama")
    yield load(resolve(str(folder)), Lake(tmp_path / "data"))


def test_neurons_changed_beyond_what_a_norm_can_square(loaded: LoadedModel) -> None:
    """The logits would be finite: the norm divides by infinity, and all hidden states are 0."""
    last = last_token(loaded, IDS)
    assert np.isfinite(change(last, 2, [Change(((0, 3),), 1e6)]).probabilities).all()
    with pytest.raises(KnError, match=r"the stream behind layer 0 holds values .* over 1e19"):
        change(last, 2, [Change(((0, 3),), 1e30)])


@pytest.mark.parametrize("value", [1e25, -1e25, float("nan")])
def test_a_stream_beyond_the_bound_in_the_prompt_itself(loaded: LoadedModel, value: float) -> None:
    model: Any = loaded.model
    with torch.no_grad():
        model.model.layers[1].mlp.down_proj.weight.fill_(value)
    with pytest.raises(KnError, match="layer 1"):
        last_token(loaded, IDS)


def test_a_gradient_that_overflows_is_no_attribution(loaded: LoadedModel) -> None:
    """A neuron that is 0 adds nothing to the stream, whatever its value vector; its gradient does
    not say 0 but infinity."""
    model: Any = loaded.model
    mlp = model.model.layers[1].mlp
    with torch.no_grad():
        model.model.embed_tokens.weight.mul_(1e-4)  # a short stream has steep slopes
        for block in model.model.layers:
            block.self_attn.o_proj.weight.mul_(1e-4)
            block.mlp.down_proj.weight.mul_(1e-4)
        mlp.gate_proj.weight[4] = 0
        mlp.down_proj.weight[:, 4] = 3e38
    last = last_token(loaded, IDS)
    with pytest.raises(KnError, match=r"attribution of neuron \d+ of layer [01] is no finite"):
        attribute(last, 2, steps=3)
