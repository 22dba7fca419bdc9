"""Each family's world is made once: its linear lens is fitted and read through by several files."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoModelForCausalLM

from kn_assets.atlas.linear_lens import LENSES, LinearLensPlan
from kn_assets.progress import Progress
from tests.atlas.lens.linear_world import FAMILIES, World, made, texts


@pytest.fixture(scope="package", params=FAMILIES)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp(request.param)
    plan = made(folder, request.param, texts())
    LinearLensPlan(plan).make(LENSES, Progress())
    model = AutoModelForCausalLM.from_pretrained(folder / "model", dtype=torch.float32).eval()
    return World(plan, model, request.param)
