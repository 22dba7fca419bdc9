"""The lens against a softmax in float64 over the same hidden states."""

from pathlib import Path

import numpy as np
import pytest
import torch

from kn_assets.atlas.lens import lens
from kn_assets.lake import Lake
from kn_assets.models.load import LoadedModel, load
from kn_assets.models.source import resolve
from tests.models import tiny


def loaded(tmp_path: Path, family: str, dtype: str) -> LoadedModel:
    folder = tiny.save(tmp_path / family, family)
    return load(resolve(str(folder)), Lake(tmp_path), dtype)  # type: ignore[arg-type]


def softmax64(model: LoadedModel, hidden: torch.Tensor) -> np.ndarray:
    """The head by its weights alone, in float64; the norm in the model's own dtype."""
    normed = model.parts.final_norm(hidden).double()
    logits = normed @ model.model.get_output_embeddings().weight.double().T
    cap = model.parts.logit_cap
    if cap:
        logits = torch.tanh(logits / cap) * cap
    return torch.softmax(logits, 1).numpy()


@pytest.mark.parametrize("family", ["gpt2", "llama", "gemma2"])
def test_float32_equals_softmax(tmp_path: Path, family: str) -> None:
    model = loaded(tmp_path, family, "float32")
    torch.manual_seed(0)
    hidden = torch.randn(300, model.parts.d_model) * 20
    following = torch.randint(0, model.parts.vocab_size, (300,))
    following[::7] = -1
    with torch.no_grad():
        found = lens(model.parts, hidden, following)
        wanted = softmax64(model, hidden)
    best = np.sort(wanted, axis=1)[:, ::-1][:, :5]
    np.testing.assert_allclose(found.probabilities, best, atol=1e-5)
    chosen = np.take_along_axis(wanted, found.ids, 1)
    np.testing.assert_allclose(found.probabilities, chosen, atol=1e-5)
    real = following.numpy() >= 0
    of_next = wanted[np.arange(300), following.clamp(min=0).numpy()]
    np.testing.assert_allclose(found.next_probability[real], of_next[real], atol=1e-5)
    ranks = (wanted > of_next[:, None]).sum(1) + 1
    assert (found.next_rank[real] == ranks[real]).mean() > 0.99  # equal scores may swap
    assert (found.next_rank[~real] == 0).all()
    assert np.isnan(found.next_probability[~real]).all()


def test_bfloat16_keeps_its_bound(tmp_path: Path) -> None:
    """Probabilities within 5e-4, first where the top token is the next one, ranks within 15 %."""
    model = loaded(tmp_path, "llama", "bfloat16")
    torch.manual_seed(0)
    hidden = (torch.randn(300, model.parts.d_model) * 20).bfloat16()
    following = torch.randint(0, model.parts.vocab_size, (300,))
    with torch.no_grad():  # every other token is followed by the likeliest one
        logits = model.parts.final_norm(hidden).double() @ model.parts.unembedding.weight.double().T
    following[::2] = logits.argmax(1)[::2]
    with torch.no_grad():
        found = lens(model.parts, hidden, following)
        wanted = softmax64(model, hidden)
    best = np.sort(wanted, axis=1)[:, ::-1][:, :5]
    np.testing.assert_allclose(found.probabilities, best, atol=5e-4)
    of_next = wanted[np.arange(300), following.numpy()]
    np.testing.assert_allclose(found.next_probability, of_next, atol=5e-4)
    ranks = (wanted > of_next[:, None]).sum(1) + 1
    assert (np.abs(found.next_rank - ranks) <= 1 + 0.15 * ranks).all()
    assert ((found.next_rank == 1) == (found.ids[:, 0] == following.numpy())).all()
