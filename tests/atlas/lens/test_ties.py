"""Tokens that tie in the lens: the rank is the worst of theirs, the likeliest come by their ids."""

import numpy as np
import pytest
import torch

from kn_assets.atlas.lens.lens import Lens, lens
from kn_assets.atlas.lens.ties import ties
from tests.atlas.lens.test_lens import head

DTYPES = [torch.float32, torch.bfloat16]


@pytest.fixture(params=["fused", "plain"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "plain":
        monkeypatch.setattr("kn_assets.atlas.lens.lens.usable", lambda _: False)
    return str(request.param)


def of(weight: torch.Tensor, hidden: torch.Tensor, following: torch.Tensor) -> Lens:
    with torch.inference_mode():
        return lens(head(weight), hidden, following)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("vocabulary", [300, 5_003])
def test_a_head_of_zeros(path: str, dtype: torch.dtype, vocabulary: int) -> None:
    hidden = torch.randn(40, 32, generator=torch.manual_seed(0)).to(dtype)
    following = torch.arange(40) * 7
    found = of(torch.zeros(vocabulary, 32, dtype=dtype), hidden, following)
    assert (found.ids == np.arange(5)).all()
    assert (found.next_rank == vocabulary).all()
    np.testing.assert_allclose(found.probabilities, 1 / vocabulary, rtol=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_hidden_state_of_zeros(path: str, dtype: torch.dtype) -> None:
    weight = torch.randn(900, 32, generator=torch.manual_seed(0)).to(dtype)
    found = of(weight, torch.zeros(3, 32, dtype=dtype), torch.tensor([5, 899, -1]))
    assert (found.ids == np.arange(5)).all()
    assert found.next_rank.tolist() == [900, 900, 0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("vocabulary", [2_000, 7_013])
def test_equal_rows_wherever_they_stand(path: str, dtype: torch.dtype, vocabulary: int) -> None:
    """Pairs, a group larger than the candidates, and zeros; some tie for the first place."""
    rng = np.random.default_rng(0)
    weight = torch.randn(vocabulary, 64, generator=torch.manual_seed(0)).to(dtype)
    group = np.arange(vocabulary)
    for size, first in ((2, 0), (2, 2), (3, 4), (50, 7), (200, 57)):
        members = rng.permutation(vocabulary)[:size]
        weight[members] = weight[members[0]].clone() if first != 57 else 0
        group[members] = vocabulary + first
    groups = [np.flatnonzero(group == g) for g in range(vocabulary, vocabulary + 60)]
    groups = [g for g in groups if len(g) > 1]
    assert len(groups) >= 4
    # Each state looks along one of the tied rows, so that its group ties for the first place.
    following = torch.tensor(np.concatenate([np.tile(g, 100)[:30] for g in groups]))
    hidden = (2 * weight[following]).to(dtype)
    hidden[::3] = torch.randn(len(hidden[::3]), 64, generator=torch.manual_seed(1)).to(dtype)
    found = of(weight, hidden, following)

    logits = (hidden.double() @ weight.double().T).numpy()
    logits = np.round(logits, 9)  # equal rows may differ in their last digits here
    own = np.take_along_axis(logits, following.numpy()[:, None], 1)
    worst = (logits >= own).sum(1)
    close = 1e-3 if dtype == torch.float32 else 0.03
    assert (np.abs(found.next_rank - worst) <= close * worst).all()
    exact = found.next_rank == worst
    assert exact[worst < 30].all() and (worst < 30).sum() > 10
    assert exact.mean() > (0.99 if dtype == torch.float32 else 0.5)
    order = np.lexsort((np.broadcast_to(np.arange(vocabulary), logits.shape), -logits))[:, :5]
    assert (found.ids == order).all()


def test_both_paths_agree_and_a_changed_matrix_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weight = torch.randn(1_000, 32, generator=torch.manual_seed(1)).bfloat16()
    weight[7] = weight[3]
    assert ties(weight).sizes[[3, 7, 8]].tolist() == [2, 2, 1]
    weight[8] = weight[3]
    assert ties(weight).sizes[[3, 7, 8]].tolist() == [3, 3, 3]
    weight[1, 0], weight[2] = 0.0, weight[1]
    weight[2, 0] = -0.0
    assert ties(weight).sizes[[1, 2]].tolist() == [2, 2]
    hidden, following = weight[[3, 7, 8, 1]] * 2, torch.tensor([7, 8, 3, 2])
    fused = of(weight, hidden, following)
    monkeypatch.setattr("kn_assets.atlas.lens.lens.usable", lambda _: False)
    plain = of(weight, hidden, following)
    assert fused.next_rank.tolist() == plain.next_rank.tolist() == [3, 3, 3, 2]
    assert (fused.ids == plain.ids).all()
    assert fused.ids[0, :3].tolist() == [3, 7, 8]
