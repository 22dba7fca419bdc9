"""One prompt through a model as anyone would run it, everything dense, in float32.

Nothing here is the extraction's: one prompt at a time without batches, hooks that keep whole
tensors, attention as the model returns it, the lens as a softmax over all logits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.load import LoadedModel


@dataclass(frozen=True)
class Plain:
    """What a model does on T tokens.

    activations: float32 [layers, T, neurons]; residuals: [layers, T, d_model], after each block;
    attention: float32 [layers, T, T], mean over heads.
    """

    activations: np.ndarray
    residuals: Tensor
    attention: np.ndarray

    @property
    def norms(self) -> np.ndarray:
        """Of the residual stream after each block: float32 [layers, T]."""
        found: np.ndarray = self.residuals.norm(dim=-1).numpy()
        return found


def plain(loaded: LoadedModel, ids: np.ndarray) -> Plain:
    """Run int [T] ids through a float32 model that was loaded with eager attention."""
    import torch

    parts = loaded.parts
    activations: list[Tensor] = []
    residuals: list[Tensor] = []
    handles = []
    for projection, block in zip(parts.mlp_outputs, parts.blocks, strict=True):
        handles.append(
            projection.register_forward_hook(
                lambda _m, given, _o: activations.append(given[0].reshape(len(ids), -1))
            )
        )
        handles.append(
            block.register_forward_hook(
                lambda _m, _g, out: residuals.append(parts.block_output(out)[0])
            )
        )
    try:
        with torch.inference_mode():
            model: Any = loaded.model
            asked = torch.from_numpy(ids.astype(np.int64))[None]
            output = model(input_ids=asked, output_attentions=True, use_cache=False)
            attention = torch.stack([a[0].mean(0) for a in output.attentions])
            return Plain(
                torch.stack(activations).numpy(), torch.stack(residuals), attention.numpy()
            )
    finally:
        for handle in handles:
            handle.remove()


def lens(loaded: LoadedModel, residuals: Tensor) -> np.ndarray:
    """The next-token distribution after a layer: float64 [T, vocabulary] of [T, d_model]."""
    import torch

    with torch.inference_mode():
        found: np.ndarray = torch.softmax(loaded.parts.logits(residuals).double(), -1).numpy()
    return found
