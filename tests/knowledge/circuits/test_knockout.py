"""Attention knockout against Hugging Face's own model with its own attention mask changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from kn_assets.atlas.direct.layout import Layout
from kn_assets.errors import KnError
from kn_assets.knowledge.circuits.attended import knockout_rows, window_of, windows_of
from kn_assets.knowledge.circuits.knockout import Cut, knocked_out
from kn_assets.knowledge.circuits.roles import Roles
from kn_assets.knowledge.circuits.units import Unit
from kn_assets.knowledge.circuits.whole_prompt import WholePrompt
from kn_assets.models.parts import find_parts
from tests.knowledge.circuits import plain
from tests.knowledge.circuits.test_patching import made
from tests.models import tiny

CUTS = [
    Cut(0, 0, (6,), (2, 3)),
    Cut(1, 1, (6,), (2, 3)),
    Cut(0, 1, (4, 5, 6), (2, 3)),
    Cut(1, 1, (6,), (0, 1, 2), head=1),
    Cut(0, 1, (3,), (2,)),
]


def masked(model: Any, cut: Cut) -> Any:
    """The model's logits with minus infinity in the mask that each attention of a layer is given,
    [1, 1 or heads, T, T].
    """
    handles, n = [], len(plain.IDS)
    heads = model.config.num_attention_heads
    name = "attention_mask"
    attentions = [
        m
        for path, m in model.named_modules()
        if path.split(".")[-1] in ("attn", "self_attn", "attention", "self_attention")
        and any(c.weight.ndim == 2 for c in m.children() if hasattr(c, "weight"))
    ]
    assert len(attentions) == len(find_parts(model).blocks)
    more = torch.zeros(1, heads, n, n)
    which = range(heads) if cut.head < 0 else (cut.head,)
    for head in which:
        for position in cut.positions:
            more[0, head, position, list(cut.sources)] = float("-inf")

    def hook(_module: Any, args: Any, named: dict[str, Any]) -> Any:
        causal = torch.full((n, n), torch.finfo(torch.float32).min).triu(1)[None, None]
        given = named.get(name)
        if given is not None and given.dtype == torch.bool:
            given = torch.where(given, 0.0, torch.finfo(torch.float32).min)
        return args, {**named, name: (causal if given is None else given[..., :n]) + more}

    for layer in range(cut.first, cut.last + 1):
        handles.append(attentions[layer].register_forward_pre_hook(hook, with_kwargs=True))
    with torch.no_grad():
        found = model(input_ids=torch.tensor([plain.IDS]), use_cache=False).logits[0, -1]
    for handle in handles:
        handle.remove()
    return found


@pytest.mark.parametrize("family", tiny.CONFIGS)
def test_knockout_is_the_model_s_own_with_another_mask(family: str) -> None:
    model = tiny.model(family)
    clean = WholePrompt.of(Layout.of(find_parts(model)), plain.IDS)
    found = knocked_out(clean, CUTS, rows=3)
    wanted = torch.stack([masked(model, cut) for cut in CUTS])
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=1e-4)
    changed = (found - clean.logits).abs().amax(1)
    assert (changed > 1e-3).all()


def test_a_token_without_anything_to_look_at_brings_nothing() -> None:
    model = tiny.model("gpt2")
    clean = WholePrompt.of(Layout.of(find_parts(model)), plain.IDS)
    (found,) = knocked_out(clean, [Cut(0, 0, (0,), (0,))])
    projection = model.transformer.h[0].attn.c_proj

    def nothing(_module: Any, args: Any) -> Any:
        values = args[0].clone()
        values[:, 0] = 0
        return (values,)

    handle = projection.register_forward_pre_hook(nothing)
    with torch.no_grad():
        wanted = model(input_ids=torch.tensor([plain.IDS])).logits[0, -1]
    handle.remove()
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=1e-4)


def test_rows_tell_whose_sight_of_the_subject_was_lost() -> None:
    model = tiny.model("llama")
    pair, roles = made(model), Roles(7, 2, 4)
    rows = knockout_rows(pair, roles, [Unit("head", 1, 6, 2), Unit("head", 0, 1, 0)])
    names = ("from_role", "to_role", "first_layer", "last_layer", "head", "position")
    keys = [tuple(r[name] for name in names) for r in rows]
    assert len(set(keys)) == len(keys)
    assert [k for k in keys if k[4] >= 0] == [("last", "subject", 1, 1, 2, 6)]
    at = dict(zip(keys, rows, strict=True))
    before = plain.difference(plain.values(model, plain.IDS)[2])
    for key, cut in (
        (("last", "subject", 1, 1, -1, 6), Cut(1, 1, (6,), (2, 3))),
        (("last", "other", 2, 2, -1, 6), Cut(2, 2, (6,), (0, 1, 4, 5))),
        (("relation", "subject", 0, 2, -1, 4), Cut(0, 2, (4, 5), (2, 3))),
        (("subject last", "subject", 0, 2, -1, 3), Cut(0, 2, (3,), (2,))),
        (("last", "subject", 1, 1, 2, 6), Cut(1, 1, (6,), (2, 3), head=2)),
    ):
        after = plain.difference(masked(model, cut))
        assert at[key]["difference_after"] == pytest.approx(after, abs=1e-4)
        assert at[key]["lost"] == pytest.approx(1 - after / before, abs=1e-3)


@pytest.mark.parametrize(("n_layers", "n"), [(1, 1), (4, 1), (12, 3), (30, 7), (48, 9)])
def test_a_window_is_a_fifth_of_the_layers(n_layers: int, n: int) -> None:
    assert window_of(n_layers) == n
    windows = windows_of(n_layers)
    assert {i for first, last in windows for i in range(first, last + 1)} == set(range(n_layers))
    assert max(last - first + 1 for first, last in windows) == n
    assert len(windows) <= 13


def test_what_cant_be_cut_is_refused() -> None:
    clean = made(tiny.model("llama")).clean
    for wrong in (Cut(0, 3, (6,), (2,)), Cut(0, 0, (7,), (2,)), Cut(0, 0, (6,), (2,), head=4)):
        with pytest.raises(KnError, match="there is no attention from"):
            knocked_out(clean, [wrong])
    model = tiny.model("llama")
    unseen = made(model).clean
    model.config._attn_implementation = "sdpa"
    with pytest.raises(KnError, match="eager"):
        knocked_out(unseen, [Cut(0, 0, (6,), (2,))])
