"""What can't be told is refused in a line: never a number that isn't exact."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kn_assets.atlas.direct import held_pass
from kn_assets.atlas.direct.contributions import contributions
from kn_assets.atlas.direct.held_pass import HeldPass
from kn_assets.atlas.direct.later import later
from kn_assets.atlas.direct.layout import Layout
from kn_assets.atlas.direct.reads import reads
from kn_assets.atlas.direct.targets import Target, against, target
from kn_assets.errors import KnError
from kn_assets.models.parts import find_parts
from tests.models import families, tiny

IDS = np.arange(3, 14) * 7 % 300
NEXT = np.append(IDS[1:], -1)


def passed(family: str, **changes: object) -> HeldPass:
    model = families.model(family, "eager", **changes).requires_grad_(False)
    return HeldPass.of(Layout.of(find_parts(model)), IDS)


def test_a_block_with_another_branch_is_refused() -> None:
    more = passed("gemma4_text", hidden_size_per_layer_input=4)
    with pytest.raises(KnError, match="more than attention, MLP and norms"):
        contributions(more, NEXT)
    with pytest.raises(KnError, match="What later heads carry can't be told"):
        later(more, 0, 5, 3, NEXT)


def test_clamped_values_are_refused() -> None:
    config = {"attn_config": {"clip_qkv": 0.01}}
    with pytest.raises(KnError, match="What neurons of layer 1 read can't be told"):
        reads(passed("mpt", **config), 1, 5, 6)
    with pytest.raises(KnError, match="What later heads carry can't be told"):
        later(passed("mpt", **config), 0, 5, 3, NEXT)


def test_values_of_another_layer_are_refused() -> None:
    """Gemma 4's last layers attend to an earlier layer's keys and values."""
    layers = {"num_hidden_layers": 4, "layer_types": ["full_attention"] * 4}
    given = {"hidden_size_per_layer_input": 4, "num_kv_shared_layers": 2}
    shared = passed("gemma4_text", **given, **layers)
    with pytest.raises(KnError, match="What neurons of layer 3 read can't be told"):
        reads(shared, 3, 5, 6)


def test_a_bias_that_no_module_names_is_refused() -> None:
    """What is left over is never called a bias."""
    model = families.model("gpt2", "eager").requires_grad_(False)
    shift = torch.linspace(-0.1, 0.2, 32)
    model.transformer.h[0].mlp.register_forward_hook(lambda _m, _i, output: output + shift)
    with pytest.raises(KnError, match="sum to something else"):
        contributions(HeldPass.of(Layout.of(find_parts(model)), IDS), NEXT)


def test_a_prompt_too_long_to_keep_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_pass, "MOST_BYTES", 30_000)
    with pytest.raises(KnError, match=r"has 11 tokens: contributions are computed for \d or fewer"):
        passed("gpt2")


@pytest.mark.parametrize("at", [(2, 0, 0), (0, 48, 0), (0, -1, 0), (0, 0, 11)])
def test_what_is_not_there_is_not_read(at: tuple[int, int, int]) -> None:
    with pytest.raises(KnError, match="there is no"):
        reads(passed("gpt2"), *at)


def test_a_differential_transformers_heads_come_in_pairs() -> None:
    """Each part of what its output projection takes hangs on the patterns of two heads."""
    assert passed("diffllama").layout.n_heads == 2
    assert passed("llama").layout.n_heads == 4


# -- targets -----------------------------------------------------------------------------------


def test_targets_are_told_by_kind() -> None:
    words = tiny.tokenizer()
    prompt, said = np.array([4, 5, 6]), np.array([9, 8, 7])
    assert target({"kind": "next"}, words, 300).ids(prompt, said).tolist() == [5, 6, -1]
    assert target({"kind": "answer"}, words, 300).ids(prompt, said).tolist() == [9, 8, 7]
    (token,) = words(" city")["input_ids"]
    for asked in (" city", {"kind": "token", "token": " city"}, {"kind": "token", "id": token}):
        assert target(asked, words, 300) == Target("token", token)
    assert target(" city", words, 300).ids(prompt, said).tolist() == [token] * 3
    assert against(None, words, 300) is None
    assert against({"kind": "answer"}, words, 300) == Target("answer")


def test_a_text_of_several_tokens_names_them() -> None:
    words = tiny.tokenizer()
    ids = words(" Xy")["input_ids"]
    assert len(ids) == 3
    with pytest.raises(KnError, match=r"' Xy' is 3 tokens of this model \(' ', 'X', 'y'\): give"):
        target(" Xy", words, 300)
    first = target({"kind": "token", "token": " Xy", "first": True}, words, 300)
    assert first == Target("token", ids[0])


@pytest.mark.parametrize(
    "asked",
    [
        None,
        7,
        {"kind": "other"},
        {"kind": "token"},
        {"kind": "token", "token": ""},
        {"kind": "token", "id": 300},
        {"kind": "token", "id": -1},
        {"kind": "token", "id": True},
    ],
)
def test_what_names_no_token_is_refused(asked: object) -> None:
    with pytest.raises(KnError):
        target(asked, tiny.tokenizer(), 300)


def test_a_target_is_not_held_against_what_follows() -> None:
    with pytest.raises(KnError, match="held against a token or the model's answer"):
        against({"kind": "next"}, tiny.tokenizer(), 300)
