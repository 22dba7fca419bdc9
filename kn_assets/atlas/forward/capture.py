"""Hooks that hand out what a model computes while it runs, and leave no trace when they go.

Activations are taken at the *input of the MLP's output projection*, residuals at each block's
output, attention at the attention module's second output (the model must be loaded with eager
attention). Hooking `c_fc` or `up_proj` instead, as some tools do, gives other tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kn_assets.errors import KnError

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from kn_assets.models.load import LoadedModel
    from kn_assets.models.parts import Parts

Take = Callable[[int, "Tensor"], None]


@contextmanager
def capturing(
    parts: Parts,
    activations: Take | None = None,
    residuals: Take | None = None,
    attention: Take | None = None,
) -> Iterator[None]:
    """While open, each forward pass calls `take(layer, tensor)` layer by layer.

    activations: [batch, tokens, neurons]; residuals: [batch, tokens, d_model], the block's output;
    attention: [batch, heads, tokens, tokens], rows sum to 1. The tensors are the model's own: take
    what is needed before returning.
    """
    handles = []
    try:
        for layer in range(parts.n_layers):
            if activations:
                hook = _input_hook(layer, activations)
                handles.append(parts.mlp_outputs[layer].register_forward_pre_hook(hook))
            if residuals:
                hook = _output_hook(layer, residuals, 0)
                handles.append(parts.blocks[layer].register_forward_hook(hook))
            if attention:
                hook = _output_hook(layer, attention, 1)
                handles.append(parts.attentions[layer].register_forward_hook(hook))
        yield
    finally:
        for handle in handles:
            handle.remove()


def device_of(loaded: LoadedModel) -> str:
    """Where the model runs, e.g. `cpu` or `cuda:0`."""
    return str(next(loaded.model.parameters()).device)


def forward(loaded: LoadedModel, ids: np.ndarray) -> Tensor:
    """Run all but the head on int64 [batch, tokens] ids: [batch, tokens, d_model], normed.

    No mask is needed: padding stands on the right, where no token looks.
    """
    import torch

    there = torch.from_numpy(ids).to(device_of(loaded))
    output = loaded.parts.body(input_ids=there, use_cache=False)
    return output.last_hidden_state


def _input_hook(layer: int, take: Take) -> Callable[..., None]:
    def hook(_module: Any, args: tuple[Tensor, ...]) -> None:
        take(layer, args[0])

    return hook


def _output_hook(layer: int, take: Take, index: int) -> Callable[..., None]:
    def hook(_module: Any, _args: Any, output: Any) -> None:
        several = isinstance(output, tuple | list)
        if several and len(output) <= index:
            raise KnError(
                f"{type(_module).__name__} doesn't hand out its attention weights: leave attention "
                "out with --only, or choose another model"
            )
        take(layer, output[index] if several else output)

    return hook
