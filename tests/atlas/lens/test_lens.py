"""The lens against a softmax in float64 over the same hidden states."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from kn_assets.atlas.lens.lens import lens
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


@pytest.mark.parametrize("family", ["llama", "gemma2"])
def test_bfloat16_is_as_exact(tmp_path: Path, family: str) -> None:
    """Probabilities within 1e-4, first where the top token is the next one, ranks within 3 %."""
    model = loaded(tmp_path, family, "bfloat16")
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
    np.testing.assert_allclose(found.probabilities, best, atol=1e-4)
    of_next = wanted[np.arange(300), following.numpy()]
    np.testing.assert_allclose(found.next_probability, of_next, atol=1e-4)
    ranks = (wanted > of_next[:, None]).sum(1) + 1
    assert (np.abs(found.next_rank - ranks) <= 1 + 0.03 * ranks).all()


def head(weight: torch.Tensor) -> Any:
    """A model's parts that are a head alone."""
    unembedding = torch.nn.Linear(weight.shape[1], len(weight), bias=False)
    unembedding.weight = torch.nn.Parameter(weight, requires_grad=False)
    same = torch.nn.Identity()
    return SimpleNamespace(
        final_norm=same,
        project_out=same,
        unembedding=unembedding,
        logit_cap=None,
        logit_scale=1.0,
        vocab_size=len(weight),
        logits=lambda rows, normed: rows @ weight.T,
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_vocabulary_of_many_tiles(dtype: torch.dtype) -> None:
    """No multiple of any block; the likeliest tokens far above any that the centre is told by."""
    torch.manual_seed(0)
    vocabulary = 7_013
    weight = torch.randn(vocabulary, 64).to(dtype)
    weight[5_000:5_040] *= 6
    weight[-3:] *= 8
    hidden = (torch.randn(203, 64) * torch.linspace(0.05, 1.5, 203)[:, None]).to(dtype)
    following = torch.randint(0, vocabulary, (203,))
    following[3] = -1
    found = lens(head(weight), hidden, following)
    logits = hidden.double() @ weight.double().T
    wanted = torch.softmax(logits, 1).numpy()
    order = np.argsort(-wanted, axis=1)[:, :5]
    best = np.take_along_axis(wanted, order, 1)
    np.testing.assert_allclose(found.probabilities, best, atol=1e-4)
    np.testing.assert_allclose(np.take_along_axis(wanted, found.ids, 1), best, atol=1e-4)
    assert (found.probabilities.sum(1) <= 1 + 1e-4).all()
    real = following >= 0
    of_next = wanted[np.arange(203), following.clamp(min=0)]
    np.testing.assert_allclose(found.next_probability[real], of_next[real], atol=1e-4)
    ranks = (wanted > of_next[:, None]).sum(1) + 1
    close = 1e-3 if dtype == torch.float32 else 0.01
    assert (np.abs(found.next_rank - ranks) <= 1 + close * ranks)[real].all()
    assert np.isnan(found.next_probability[3])
    assert found.next_rank[3] == 0


def test_where_there_is_no_fused_product(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same numbers from logits held in float32."""
    torch.manual_seed(1)
    weight = torch.randn(5_000, 32).bfloat16()
    hidden, following = torch.randn(50, 32).bfloat16() * 2, torch.randint(0, 5_000, (50,))
    fused = lens(head(weight), hidden, following)
    monkeypatch.setattr("kn_assets.atlas.lens.lens.usable", lambda _: False)
    plain = lens(head(weight), hidden, following)
    np.testing.assert_allclose(plain.probabilities, fused.probabilities, atol=1e-4)
    wanted = torch.softmax(hidden.double() @ weight.double().T, 1).sort(descending=True).values
    np.testing.assert_allclose(plain.probabilities, wanted[:, :5], atol=1e-5)


def test_no_tokens() -> None:
    found = lens(head(torch.randn(100, 8)), torch.empty(0, 8), torch.empty(0, dtype=torch.int64))
    assert found.ids.shape == (0, 5)
