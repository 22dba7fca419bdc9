"""Each family's parts against hooks on module names written out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from kn_assets.errors import KnError
from kn_assets.models.parts import find_parts
from kn_assets.models.structure import NO_LIMIT

from . import tiny

# Families of the same layout as written down in transformers' own modules.
_LLAMA = ("model.layers", "mlp.down_proj", "self_attn", "model.norm", "lm_head")
LAYOUTS = {
    "gpt2": ("transformer.h", "mlp.c_proj", "attn", "transformer.ln_f", "lm_head"),
    "gpt_neo": ("transformer.h", "mlp.c_proj", "attn.attention", "transformer.ln_f", "lm_head"),
    "gptj": ("transformer.h", "mlp.fc_out", "attn", "transformer.ln_f", "lm_head"),
    "pythia": (
        "gpt_neox.layers",
        "mlp.dense_4h_to_h",
        "attention",
        "gpt_neox.final_layer_norm",
        "lm_head",
    ),
    "opt": (
        "model.decoder.layers",
        "fc2",
        "self_attn",
        "model.decoder.final_layer_norm",
        "lm_head",
    ),
    "opt_post_norm": ("model.decoder.layers", "fc2", "self_attn", None, "lm_head"),
    "phi": ("model.layers", "mlp.fc2", "self_attn", "model.final_layernorm", "lm_head"),
    **dict.fromkeys(
        (
            "llama",
            "qwen2",
            "qwen3",
            "gemma",
            "gemma2",
            "gemma3",
            "phi3",
            "cohere",
            "granite",
        ),
        _LLAMA,
    ),
}
NEURONS = {"gpt2": 128, "gpt_neo": 128, "gptj": 128}

ids = torch.tensor([[5, 17, 250, 3, 99, 42, 7], [8, 1, 2, 220, 33, 150, 61]])
family = pytest.mark.parametrize("family", list(LAYOUTS))


def record(module: Any, into: list[Any]) -> Any:
    def hook(_module: Any, inputs: Any, output: Any) -> None:
        into.append((inputs[0] if inputs else None, output))

    return module.register_forward_hook(hook)


@family
def test_parts_are_the_modules_of_the_family(family: str) -> None:
    model = tiny.model(family)
    parts = find_parts(model)
    blocks, mlp, attention, norm, head = LAYOUTS[family]
    for layer in range(3):
        block = model.get_submodule(f"{blocks}.{layer}")
        assert parts.blocks[layer] is block
        assert parts.mlp_outputs[layer] is block.get_submodule(mlp)
        # GPT-Neo wraps its attention once more; the wrapper passes its output on.
        assert parts.attentions[layer] is block.get_submodule(attention.split(".")[0])
    if norm is None:
        assert isinstance(parts.final_norm, torch.nn.Identity)
    else:
        assert parts.final_norm is model.get_submodule(norm)
    assert parts.unembedding is model.get_submodule(head)
    assert (parts.n_layers, parts.n_neurons) == (3, NEURONS.get(family, 72))
    assert (parts.d_model, parts.vocab_size, parts.context) == (32, 300, 64)


@family
@torch.no_grad()
def test_lens_of_the_last_block_is_the_models_logits(family: str) -> None:
    model = tiny.model(family)
    parts = find_parts(model)
    seen: list[Any] = []
    handle = record(model.get_submodule(f"{LAYOUTS[family][0]}.2"), seen)
    wanted = model(input_ids=ids).logits
    handle.remove()
    lens = parts.logits(parts.block_output(seen[0][1]))
    assert wanted.std() > 0.1
    torch.testing.assert_close(lens, wanted, atol=1e-5, rtol=1e-5)
    parts.check(model)


@family
@torch.no_grad()
def test_body_runs_all_but_the_head(family: str) -> None:
    model = tiny.model(family)
    parts = find_parts(model)
    ran: list[Any] = []
    handle = record(parts.unembedding, ran)
    mask = torch.ones_like(ids)
    normed = parts.body(input_ids=ids, attention_mask=mask).last_hidden_state
    handle.remove()
    assert not ran
    wanted = model(input_ids=ids, attention_mask=mask).logits
    torch.testing.assert_close(parts.logits(normed, normed=True), wanted, atol=1e-5, rtol=1e-5)


@family
@torch.no_grad()
def test_mlp_output_is_activations_times_value_vectors(family: str) -> None:
    model = tiny.model(family)
    parts = find_parts(model)
    blocks, mlp, *_ = LAYOUTS[family]
    for layer in range(3):
        module = model.get_submodule(f"{blocks}.{layer}.{mlp}")
        seen: list[Any] = []
        handle = record(module, seen)
        model(input_ids=ids)
        handle.remove()
        activations, output = seen[0]
        values = parts.value_vectors(layer)
        assert values.shape == (parts.n_neurons, parts.d_model)
        bias = 0 if module.bias is None else module.bias
        torch.testing.assert_close(activations @ values + bias, output, atol=1e-4, rtol=1e-5)
        # One neuron by hand: without it the output lacks its value vector, times its activation.
        muted = activations.clone()
        muted[..., 11] = 0
        missing = output - module(muted)
        torch.testing.assert_close(
            missing, activations[..., 11:12] * values[11], atol=1e-4, rtol=1e-4
        )


@family
@torch.no_grad()
def test_eager_attention_gives_its_weights_to_a_hook(family: str) -> None:
    model = tiny.model(family)
    parts = find_parts(model)
    handles, seen = [], []
    for module in parts.attentions:
        into: list[Any] = []
        seen.append(into)
        handles.append(record(module, into))
    wanted = model(input_ids=ids, output_attentions=True).attentions
    for handle in handles:
        handle.remove()
    assert len(seen) == 3
    for layer, into in enumerate(seen):
        weights = into[0][1][1]
        assert weights.shape == (2, 4, 7, 7)
        torch.testing.assert_close(weights.sum(-1), torch.ones(2, 4, 7), atol=1e-5, rtol=0)
        assert float(weights.triu(1).abs().max()) == 0.0
        torch.testing.assert_close(weights, wanted[layer])


@family
@torch.no_grad()
def test_the_default_attention_gives_the_same_logits(family: str) -> None:
    eager, sdpa = tiny.model(family), tiny.model(family, attention=None)
    torch.testing.assert_close(
        eager(input_ids=ids).logits, sdpa(input_ids=ids).logits, atol=1e-4, rtol=1e-4
    )


@family
def test_check_in_bfloat16_does_not_raise(family: str) -> None:
    model = tiny.model(family).bfloat16()
    find_parts(model).check(model)


@torch.no_grad()
def test_vocabulary_scores_are_the_raw_product() -> None:
    model = tiny.model("phi")  # whose unembedding has a bias
    parts = find_parts(model)
    values = parts.value_vectors(1)
    wanted = torch.einsum("nd,vd->nv", values, model.lm_head.weight)
    torch.testing.assert_close(parts.vocabulary_scores(values), wanted, atol=1e-5, rtol=1e-5)
    assert model.lm_head.bias.abs().max() > 0.1

    narrow = tiny.model("opt_post_norm")
    values = find_parts(narrow).value_vectors(0)
    out = narrow.model.decoder.project_out.weight
    wanted = values @ out.T @ narrow.lm_head.weight.T
    torch.testing.assert_close(
        find_parts(narrow).vocabulary_scores(values), wanted, atol=1e-4, rtol=1e-5
    )


def test_pythias_unembedding_is_not_its_embedding() -> None:
    model = tiny.model("pythia")
    parts = find_parts(model)
    assert parts.unembedding is model.lm_head
    assert not torch.equal(parts.unembedding.weight, model.gpt_neox.embed_in.weight)


def test_bloom_has_no_limit_of_positions() -> None:
    assert find_parts(tiny.model("bloom")).context == NO_LIMIT


@pytest.mark.parametrize("kind", ["mixtral", "qwen2_moe"])
def test_mixtures_of_experts_are_refused(kind: str) -> None:
    with pytest.raises(KnError, match="mixture of experts"):
        find_parts(tiny.model(kind))


def test_an_unknown_architecture_names_what_was_looked_for() -> None:
    model = tiny.model("mamba")
    with pytest.raises(KnError, match=r"MambaForCausalLM.*mlp\.c_proj.*mlp\.down_proj.*fc2"):
        find_parts(model)


def test_layers_of_different_widths_are_refused() -> None:
    model = tiny.model("llama")
    model.model.layers[1].mlp.down_proj = torch.nn.Linear(40, 32)
    with pytest.raises(KnError, match="different numbers of neurons \\(40, 72\\)"):
        find_parts(model)


def test_check_notices_a_step_between_last_block_and_logits() -> None:
    model = tiny.model("llama")
    parts = find_parts(model)
    model.lm_head.register_forward_hook(lambda module, inputs, output: output.roll(1, -1))
    parts.check(model)  # what the head does itself is part of it
    model.model.norm.register_forward_pre_hook(lambda module, inputs: (inputs[0].roll(1, -1),))
    parts.check(model)
    model.model.register_forward_hook(
        lambda module, inputs, output: output.__setitem__(
            "last_hidden_state", output.last_hidden_state.roll(1, -1)
        )
    )
    with pytest.raises(KnError, match="don't reproduce its logits"):
        parts.check(model)
