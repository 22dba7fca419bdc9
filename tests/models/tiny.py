"""Tiny random models of each family, and a tokenizer small enough to make on the spot."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

REALDATA = Path(__file__).parents[3] / "shared" / "realdata"

_LLAMA_LIKE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 72,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 300,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 0,
    "eos_token_id": 0,
}
_GPT2_LIKE: dict[str, Any] = {
    "n_embd": 32,
    "n_layer": 3,
    "n_head": 4,
    "vocab_size": 300,
    "n_positions": 64,
    "bos_token_id": 0,
    "eos_token_id": 0,
}
_OPT: dict[str, Any] = {
    "hidden_size": 32,
    "ffn_dim": 72,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "vocab_size": 300,
    "max_position_embeddings": 64,
    "word_embed_proj_dim": 32,
    "pad_token_id": 0,
    "bos_token_id": 0,
    "eos_token_id": 0,
}

CONFIGS: dict[str, tuple[str, dict[str, Any]]] = {
    "gpt2": ("gpt2", _GPT2_LIKE),
    "gpt_neo": (
        "gpt_neo",
        {
            "hidden_size": 32,
            "num_layers": 3,
            "num_heads": 4,
            "attention_types": [[["global", "local", "global"], 1]],
            "vocab_size": 300,
            "max_position_embeddings": 64,
            "bos_token_id": 0,
            "eos_token_id": 0,
        },
    ),
    "gptj": ("gptj", {**_GPT2_LIKE, "rotary_dim": 4}),
    "pythia": ("gpt_neox", {**_LLAMA_LIKE, "num_key_value_heads": 4}),
    "opt": ("opt", _OPT),
    # Like OPT-350m: norms behind the sublayers, no final norm, embeddings narrower than the stream.
    "opt_post_norm": ("opt", {**_OPT, "do_layer_norm_before": False, "word_embed_proj_dim": 16}),
    "llama": ("llama", _LLAMA_LIKE),
    "qwen2": ("qwen2", _LLAMA_LIKE),
    "qwen3": ("qwen3", {**_LLAMA_LIKE, "head_dim": 8}),
    "gemma": ("gemma", {**_LLAMA_LIKE, "head_dim": 8}),
    "gemma2": ("gemma2", {**_LLAMA_LIKE, "head_dim": 8, "final_logit_softcapping": 3.0}),
    "gemma3": ("gemma3_text", {**_LLAMA_LIKE, "head_dim": 8}),
    "phi": ("phi", {**_LLAMA_LIKE, "num_key_value_heads": 4}),
    "phi3": ("phi3", _LLAMA_LIKE),
    "cohere": ("cohere", {**_LLAMA_LIKE, "logit_scale": 0.25}),
    "bloom": ("bloom", {"hidden_size": 32, "n_layer": 2, "n_head": 4, "vocab_size": 300}),
    "granite": ("granite", {**_LLAMA_LIKE, "logits_scaling": 8.0}),
}


def model(family: str, seed: int = 0, attention: str | None = "eager", **changes: Any) -> Any:
    """A random model whose weights, biases and norm gains all differ from their defaults."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    kind, settings = CONFIGS.get(family, (family, _LLAMA_LIKE))
    config = AutoConfig.for_model(kind, **{**settings, **changes})
    torch.manual_seed(seed)
    made = AutoModelForCausalLM.from_config(config, attn_implementation=attention).eval()
    with torch.no_grad():
        for p in made.parameters():
            p.add_(0.2 * torch.randn_like(p))
    return made


def tokenizer() -> Any:
    """A byte-level BPE of 300 tokens over a few sentences about cities."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(["The city of Kabul is the capital city of Afghanistan."] * 4, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe, bos_token="<|endoftext|>", eos_token="<|endoftext|>"
    )


def save(folder: Path, family: str = "gpt2", seed: int = 0, **changes: Any) -> Path:
    """Write a tiny model with a tokenizer to `folder`."""
    model(family, seed, **changes).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def gpt2_bpe(folder: Path) -> Path:
    """Copy GPT-2's own vocabulary and merges to `folder`, skip the test where they are absent."""
    source = REALDATA / "gpt2-tokenizer"
    if not source.is_dir():
        pytest.skip(f"GPT-2's vocabulary is not in {source.name} here")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(source / name, folder / name)
    return folder
