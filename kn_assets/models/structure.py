"""Where the parts of a model are among its modules: the names that architectures give them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from kn_assets.errors import KnError

if TYPE_CHECKING:
    from torch import Tensor, nn

MLP_OUTPUTS = (
    "mlp.c_proj",  # GPT-2, GPT-Neo, GPT-BigCode, StarCoder2
    "mlp.dense_4h_to_h",  # GPT-NeoX and Pythia, BLOOM, Falcon
    "mlp.down_proj",  # Llama, Mistral, SmolLM, Qwen, Gemma, Phi-3, OLMo, Cohere, Granite
    "mlp.fc2",  # Phi
    "mlp.fc_out",  # GPT-J, CodeGen
    "ffn.down_proj",  # MPT
    "fc2",  # OPT, XGLM
)
"""Paths inside a transformer block at which an MLP's output projection is looked for."""

ATTENTIONS = ("attn", "self_attn", "attention", "self_attention")
FINAL_NORMS = (
    "ln_f",
    "norm",
    "final_layer_norm",
    "final_layernorm",
    "norm_f",
    "layer_norm",
)
EXPERTS = ("experts", "router", "block_sparse_moe", "shared_expert", "shared_experts")
NO_LIMIT = sys.maxsize
"""`Parts.context` of a model whose positions have no limit."""


def find_blocks(body: nn.Module, title: str) -> tuple[nn.Module, list[nn.Module], str]:
    """The module that holds the blocks, the blocks, and where in them the MLP's output is."""
    from torch import nn

    found: list[tuple[nn.Module, list[nn.Module], str]] = []
    for holder in body.modules():
        for child in holder.children():
            if isinstance(child, nn.ModuleList) and len(child):
                for path in MLP_OUTPUTS:
                    if all(_is_projection(_at(b, path)) for b in child):
                        found.append((holder, list(child), path))
    if not found:
        raise KnError(
            f"{title} has no list of blocks with an MLP output projection that is known; looked in "
            f"each block for {', '.join(MLP_OUTPUTS)}"
        )
    if len(found) > 1:
        raise KnError(
            f"{title} has {len(found)} stacks of transformer blocks (an encoder or a vision tower "
            "beside the language model?): choose a model of text with one stack"
        )
    return found[0]


def _at(module: nn.Module, path: str) -> nn.Module | None:
    for name in path.split("."):
        child = dict(module.named_children()).get(name)
        if child is None:
            return None
        module = child
    return module


def _is_projection(module: nn.Module | None) -> bool:
    weight = getattr(module, "weight", None)
    return weight is not None and weight.ndim == 2


def input_major(projection: nn.Module) -> Tensor:
    """A projection's weight as [in, out], whether Conv1D or nn.Linear."""
    from torch import nn

    weight: Tensor = projection.weight  # type: ignore[assignment]
    return weight.detach().T if isinstance(projection, nn.Linear) else weight.detach()


def first_child(module: nn.Module, names: tuple[str, ...]) -> nn.Module | None:
    """The child of the first of some names that the module has, None where it has none."""
    children = dict(module.named_children())
    return next((children[n] for n in names if n in children), None)


def child_among(module: nn.Module, names: tuple[str, ...], what: str) -> nn.Module:
    """Like `first_child`, but raises KnError that names `what` is missing."""
    found = first_child(module, names)
    if found is None:
        raise KnError(f"no {what} found: looked for {', '.join(names)}")
    return found


def context_length(config: Any) -> int:
    """Most tokens in a sequence by a model's configuration."""
    for name in ("max_position_embeddings", "max_seq_len", "seq_length"):
        length = getattr(config, name, None)
        if isinstance(length, int) and length > 0:
            return length
    return NO_LIMIT


def logit_scale(config: Any) -> float:
    """Cohere multiplies its logits by logit_scale, Granite divides them by logits_scaling."""
    scale = getattr(config, "logit_scale", None)
    division = getattr(config, "logits_scaling", None)
    return float(1.0 if scale is None else scale) / float(division or 1.0)
