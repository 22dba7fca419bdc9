"""A training whose weights are no finite numbers any more ends before they are kept."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.training.divergence import refuse_divergence
from kn_assets.training.store import Store
from tests.training.tiny_run import TINY


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_one_weight_that_is_not_finite_ends_the_training(tmp_path: Path, value: float) -> None:
    store = Store(Lake(tmp_path), TINY)
    store.open()
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 3))
    refuse_divergence(store, model, 5)  # no error
    note = store.folder / "training.json"
    assert "diverged_after" not in json.loads(note.read_text())
    with torch.no_grad():
        model[1].weight[2, 1] = value
    with pytest.raises(KnError, match=r"diverged: 1\.weight isn't finite after step 6"):
        refuse_divergence(store, model, 6)
    assert json.loads(note.read_text())["diverged_after"] == 6
