"""The compiled passes over a vocabulary's terms against NumPy and torch over the same numbers."""

import pytest
import torch

from kn_assets.atlas.lens.terms import candidates, rescored, scanned

DTYPES = [torch.float32, torch.bfloat16]
SIZES = [3, 64, 100, 1000, 3072, 49_157]
K = 24


def terms(size: int, dtype: torch.dtype) -> torch.Tensor:
    """[size, 20 tokens] of positive numbers over many orders of magnitude, with ties and zeros."""
    torch.manual_seed(size)
    found = torch.rand(size, 20).mul(-60).exp()
    found[::5] = found[::5].bfloat16().float()
    found[torch.rand(size, 20) < 0.1] = 0
    return found.to(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_sums_counts_and_blocks(size: int, dtype: torch.dtype) -> None:
    given = terms(size, dtype)
    bound = given[size // 2].float()
    seen = scanned(given, bound)
    torch.testing.assert_close(seen.sums, given.double().sum(0), rtol=1e-6, atol=0)
    assert (seen.over == (given.float() > bound).sum(0)).all()
    for bits, block in ((seen.narrow, 8), (seen.wide, 64)):
        whole = given[: size // 64 * 64].view(-1, block, 20).amax(1)
        assert (torch.from_numpy(bits.view(f"i{bits.itemsize}")).view(dtype) == whole).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_candidates_are_the_largest(size: int, dtype: torch.dtype) -> None:
    given = terms(size, dtype)
    ids, found = candidates(given, scanned(given, given[0].float()), K)
    assert (found == given.T.float().topk(min(K, size)).values).all()
    assert (given.T.gather(1, ids).float() == found).all()
    assert all(len(set(row)) == len(row) for row in ids.tolist())


@pytest.mark.parametrize("dtype", DTYPES)
def test_scores_again(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    weight, normed = torch.randn(500, 77).to(dtype), torch.randn(20, 77).to(dtype)
    ids = torch.randint(0, 500, (20, K))
    wanted = torch.einsum("td,tkd->tk", normed.double(), weight.double()[ids])
    torch.testing.assert_close(rescored(weight, normed, ids).double(), wanted, rtol=0, atol=1e-5)
