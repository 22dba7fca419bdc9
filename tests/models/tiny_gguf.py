"""A tiny GGUF file written tensor by tensor, as llama.cpp's converter would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import tiny

_NAMES = {
    "input_layernorm.weight": "attn_norm.weight",
    "post_attention_layernorm.weight": "ffn_norm.weight",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def write(path: Path, seed: int = 0, quantized: bool = False) -> Any:
    """Write a tiny Qwen2 model with a tokenizer to `path`; returns the model it holds.

    `quantized` packs the MLP's matrices to 8 bits (Q8_0).
    """
    import gguf
    import torch

    model = tiny.model("qwen2", seed=seed, hidden_size=64, intermediate_size=96)
    config = model.config
    path.parent.mkdir(parents=True, exist_ok=True)
    out = gguf.GGUFWriter(path, "qwen2")
    out.add_name("tiny")
    out.add_block_count(config.num_hidden_layers)
    out.add_context_length(config.max_position_embeddings)
    out.add_embedding_length(config.hidden_size)
    out.add_feed_forward_length(config.intermediate_size)
    out.add_head_count(config.num_attention_heads)
    out.add_head_count_kv(config.num_key_value_heads)
    out.add_layer_norm_rms_eps(config.rms_norm_eps)
    out.add_rope_freq_base(config.rope_parameters["rope_theta"])
    out.add_vocab_size(config.vocab_size)
    _add_tokenizer(out)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            values = tensor.float().numpy()
            if quantized and ".mlp." in name:
                packed = gguf.quantize(values, gguf.GGMLQuantizationType.Q8_0)
                tensor.copy_(
                    torch.from_numpy(gguf.dequantize(packed, gguf.GGMLQuantizationType.Q8_0))
                )
                kind = gguf.GGMLQuantizationType.Q8_0
                out.add_tensor(_gguf_name(name), packed, raw_dtype=kind)
            else:
                out.add_tensor(_gguf_name(name), values)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return model


def _gguf_name(name: str) -> str:
    whole = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
    }
    if name in whole:
        return whole[name]
    _, _, layer, rest = name.split(".", 3)
    known = next(k for k in _NAMES if rest.startswith(k))
    return f"blk.{layer}.{_NAMES[known]}{rest.removeprefix(known)}"


def _add_tokenizer(out: Any) -> None:
    import json

    made = json.loads(tiny.tokenizer().backend_tokenizer.to_str())["model"]
    vocabulary = sorted(made["vocab"], key=made["vocab"].get)
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("qwen2")
    out.add_token_list(vocabulary)
    out.add_token_types([3 if t.startswith("<|") else 1 for t in vocabulary])
    out.add_token_merges([" ".join(m) for m in made["merges"]])
    out.add_bos_token_id(0)
    out.add_eos_token_id(0)
