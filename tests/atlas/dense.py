"""What an atlas must hold, by other means: plain Hugging Face forwards with hooks by module name.

One prompt at a time, everything dense, no code shared with the package.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch


@dataclass
class Dense:
    """One prompt: activations [layers, T, neurons], hidden [layers, T, d] after each block,
    attention [layers, T, T] mean over heads, probabilities [T, vocabulary] of the model itself."""

    ids: list[int]
    activations: np.ndarray
    hidden: torch.Tensor
    attention: np.ndarray
    probabilities: np.ndarray


PLACES = {
    "gpt2": ("transformer.h", "mlp.c_proj"),
    "llama": ("model.layers", "mlp.down_proj"),
}


def run(model: Any, ids: list[int], family: str) -> Dense:
    """A forward of the whole model, hooked by names that are written here."""
    blocks_name, output_name = PLACES[family]
    blocks = model.get_submodule(blocks_name)
    activations: list[torch.Tensor] = []
    hidden: list[torch.Tensor] = []
    hooks = []
    for block in blocks:
        projection = block.get_submodule(output_name)
        hooks.append(
            projection.register_forward_hook(lambda _m, i, _o: activations.append(i[0][0].float()))
        )
        hooks.append(
            block.register_forward_hook(
                lambda _m, _i, o: hidden.append((o[0] if isinstance(o, tuple) else o)[0].float())
            )
        )
    with torch.no_grad():
        output = model(torch.tensor([ids]), output_attentions=True)
    for hook in hooks:
        hook.remove()
    return Dense(
        ids,
        torch.stack(activations).numpy(),
        torch.stack(hidden),
        torch.stack([a[0].float().mean(0) for a in output.attentions]).numpy(),
        torch.softmax(output.logits[0].double(), -1).numpy(),
    )
