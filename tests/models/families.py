"""Random models, as small as they get, of each family that is known to come out right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.models import tiny

_LLAMA = ("model.layers", "mlp.down_proj")
_H = "transformer.h"
PLACES: dict[str, tuple[str, str]] = {
    **dict.fromkeys(
        [
            "apertus",
            "arcee",
            "bitnet",
            "cohere",
            "cohere2",
            "cwm",
            "diffllama",
            "doge",
            "ernie4_5",
            "exaone4",
            "gemma",
            "gemma2",
            "gemma3_text",
            "gemma4_text",
            "glm",
            "glm4",
            "granite",
            "helium",
            "hunyuan_v1_dense",
            "jais2",
            "llama",
            "ministral",
            "mistral",
            "nemotron",
            "olmo",
            "olmo2",
            "olmo3",
            "phi3",
            "qwen2",
            "qwen3",
            "seed_oss",
            "smollm3",
            "stablelm",
            "vaultgemma",
        ],
        _LLAMA,
    ),
    "biogpt": ("biogpt.layers", "fc2"),
    "bloom": (_H, "mlp.dense_4h_to_h"),
    "codegen": (_H, "mlp.fc_out"),
    "falcon": (_H, "mlp.dense_4h_to_h"),
    "gpt2": (_H, "mlp.c_proj"),
    "gpt_bigcode": (_H, "mlp.c_proj"),
    "gpt_neo": (_H, "mlp.c_proj"),
    "gpt_neox": ("gpt_neox.layers", "mlp.dense_4h_to_h"),
    "gpt_neox_japanese": ("gpt_neox_japanese.layers", "mlp.dense_4h_to_h"),
    "gptj": (_H, "mlp.fc_out"),
    "mpt": ("transformer.blocks", "ffn.down_proj"),
    "nanochat": ("model.layers", "mlp.fc2"),
    "opt": ("model.decoder.layers", "fc2"),
    "persimmon": ("model.layers", "mlp.dense_4h_to_h"),
    "phi": ("model.layers", "mlp.fc2"),
    "starcoder2": ("model.layers", "mlp.c_proj"),
    "xglm": ("model.layers", "fc2"),
}
"""Family -> the list of its blocks, and each block's MLP output projection."""

_SIZES: dict[str, Any] = {
    **dict.fromkeys(("hidden_size", "n_embd", "d_model", "word_embed_proj_dim"), 32),
    **dict.fromkeys(("intermediate_size", "n_inner", "ffn_dim"), 48),
    **dict.fromkeys(("num_hidden_layers", "num_layers", "n_layer", "n_layers"), 2),
    **dict.fromkeys(("num_attention_heads", "num_heads", "n_head", "n_heads"), 4),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "max_seq_len"), 64),
    **dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id"), 0),
    "attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "rotary_dim": 4,
    "vocab_size": 300,
    "attention_types": [[["global", "local"], 1]],
}
"""What a family calls its sizes: each configuration gets those that it has."""

_OWN: dict[str, dict[str, Any]] = {
    # Embeddings of their own for each layer, over 262,144 tokens.
    "gemma4_text": {"hidden_size_per_layer_input": 0, "vocab_size_per_layer_input": 300},
}


def model(family: str, attention: str | None = None, **changes: Any) -> Any:
    """A random model of two layers, whose weights, biases and norm gains all differ."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    default = AutoConfig.for_model(family)
    known = {*default.to_dict(), *getattr(default, "attribute_map", {})}
    sizes = {name: value for name, value in _SIZES.items() if name in known}
    config = AutoConfig.for_model(family, **{**sizes, **_OWN.get(family, {}), **changes})
    torch.manual_seed(0)
    made = AutoModelForCausalLM.from_config(config, attn_implementation=attention).eval()
    with torch.no_grad():
        for p in made.parameters():
            p.add_(0.2 * torch.randn_like(p))
    return made


def save(folder: Path, family: str, **changes: Any) -> Path:
    """Write such a model with a tokenizer to `folder`."""
    model(family, **changes).save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    return folder
