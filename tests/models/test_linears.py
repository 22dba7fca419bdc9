"""Linear maps by oneDNN against torch's own, in float64 and in float32."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from transformers.pytorch_utils import Conv1D

from kn_assets.models import linears


@pytest.fixture
def anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if MKL were slow here; skips where torch has no such operation."""
    monkeypatch.setattr(linears, "_slow_here", lambda: True)
    if not linears._works():
        pytest.skip("torch has no oneDNN product here")


def net() -> Any:
    torch.manual_seed(0)
    turned = Conv1D(24, 40)
    torch.nn.init.normal_(turned.bias)
    made = torch.nn.Sequential(turned, torch.nn.GELU(), torch.nn.Linear(24, 17, bias=False))
    return made.eval().requires_grad_(False)


@pytest.mark.parametrize("shape", [(9, 40), (2, 5, 40), (1, 40), (3, 1, 40), (0, 40)])
def test_the_same_numbers(anywhere: None, shape: Any) -> None:
    plain = net()
    fast = copy.deepcopy(plain)
    assert linears.use_onednn_linears(fast) == 2
    rows = torch.randn(shape)
    wanted = plain.double()(rows.double()).float()
    torch.testing.assert_close(fast(rows), wanted, rtol=1e-5, atol=1e-5)


def test_the_same_gradient(anywhere: None) -> None:
    plain = net()
    fast = copy.deepcopy(plain)
    linears.use_onednn_linears(fast)
    rows = torch.randn(6, 40)
    grads = []
    for model, given in ((plain.double(), rows.double()), (fast, rows.clone())):
        given.requires_grad_()
        model(given).square().sum().backward()
        grads.append(given.grad.float())
    torch.testing.assert_close(grads[1], grads[0], rtol=1e-5, atol=1e-5)


def test_oneDNN_is_what_runs(anywhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = net()
    linears.use_onednn_linears(fast)
    seen: list[int] = []
    own = linears._product

    def counted(*arguments: Any) -> Any:
        seen.append(1)
        return own(*arguments)

    monkeypatch.setattr(linears, "_product", counted)
    fast(torch.randn(8, 40))
    assert len(seen) == 2
    fast(torch.randn(2, 40))  # too few rows to gain
    assert len(seen) == 2


def test_weights_keep_values_and_shapes(anywhere: None) -> None:
    plain = net()
    fast = copy.deepcopy(plain)
    linears.use_onednn_linears(fast)
    kept = fast.state_dict()
    assert kept.keys() == plain.state_dict().keys()
    for name, weight in plain.state_dict().items():
        assert torch.equal(kept[name], weight), name


def test_what_it_can_not_speed_up_is_left_alone(anywhere: None) -> None:
    assert linears.use_onednn_linears(net().bfloat16()) == 0
    assert linears.use_onednn_linears(net().requires_grad_(True)) == 0


def test_processors_that_MKL_serves_well_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linears, "_slow_here", lambda: False)
    assert linears.use_onednn_linears(net()) == 0
