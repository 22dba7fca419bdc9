"""Contributions and reads where linear maps run by oneDNN, as they do live, and of one token."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kn_assets.atlas.direct.contributions import contributions
from kn_assets.atlas.direct.held_pass import HeldPass
from kn_assets.atlas.direct.later import carried_by_head
from kn_assets.atlas.direct.layout import Layout
from kn_assets.atlas.direct.ranks import LensLogits
from kn_assets.atlas.direct.reads import reads
from kn_assets.models import linears
from kn_assets.models.linears import use_onednn_linears
from kn_assets.models.parts import find_parts
from kn_assets.progress import Progress
from tests.models import families

IDS = np.arange(3, 14) * 7 % 300
NEXT = np.append(IDS[1:], -1)


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_faster_products_give_the_same(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linears, "_slow_here", lambda: True)
    model = families.model(family, "eager").requires_grad_(False)
    found = []
    for faster in (False, True):
        if faster and not use_onednn_linears(model):
            pytest.skip("torch has no such products here")
        held = HeldPass.of(Layout.of(find_parts(model)), IDS)
        parts = reads(held, 1, 5, 8).parts
        found.append(
            (
                contributions(held, NEXT).neurons,
                carried_by_head(held, 0, 5, 3, NEXT),
                np.stack([part.heads for part in parts]),
            )
        )
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-5)
        assert np.abs(one).max() > 1e-4


@pytest.mark.parametrize("family", ["gpt2", "llama", "gpt_neox"])
def test_a_single_token(family: str) -> None:
    model = families.model(family, "eager").requires_grad_(False)
    held = HeldPass.of(Layout.of(find_parts(model)), np.array([7]))
    with torch.no_grad():
        logits = model(torch.tensor([[7]]), use_cache=False).logits[0, 0].numpy()
    told = contributions(held, np.array([9]), np.array([4]))
    assert told.logit[0] == pytest.approx(logits[9] - logits[4], abs=1e-4)
    assert not contributions(held, np.array([-1])).logit.any()
    (part, *_) = reads(held, 1, 3, 0).parts
    assert part.own + part.heads.sum() + part.biases == pytest.approx(part.value, abs=1e-4)
    lens = LensLogits(held.parts, held.outputs, held.ids)
    assert lens.following.tolist() == [0.0]
    assert lens.ranks(np.array([9]), Progress()).rank[0, -1] == (logits >= logits[9]).sum()
