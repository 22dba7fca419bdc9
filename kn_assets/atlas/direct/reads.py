"""What a neuron reads at one token: its pre-activation, split by where it comes from.

The pre-activation is an affine map of the token's own residual stream before the block and, through
the attention of the same layer, of the streams of the tokens before it, with the attention's
pattern and the norms' scales held (Elhage et al. 2021; the reading side of direct logit
attribution). Attention of this layer sees the stream before this layer's MLP: no neuron of this
layer is read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kn_assets.atlas.direct.held_pass import Bias, HeldPass, checked
from kn_assets.atlas.direct.pre_activations import PreActivation, pre_activations
from kn_assets.errors import KnError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Part:
    """One pre-activation at a position p, in its own units.

    name: input, gate or up; value: the pre-activation; own: from the token's own stream, beside
    attention; biases: of all modules on the way; heads: float32 [H, p + 1], from each source token
    through each head. own + heads + biases sum to value.
    """

    name: str
    value: float
    own: float
    biases: float
    heads: np.ndarray


@dataclass(frozen=True)
class Reads:
    """What a neuron reads. parallel: its MLP and the layer's attention read the same stream, so no
    attention of this layer is read.
    """

    parts: list[Part]
    activation: float
    parallel: bool


def reads(found: HeldPass, layer: int, neuron: int, position: int) -> Reads:
    """What a neuron reads at a position of a pass.

    Raises KnError where there is no such neuron or position, and where the parts don't sum to the
    pre-activation.
    """
    refuse_unknown(found, layer, neuron, position)
    parts, parallel = [], True
    for pre in pre_activations(found, layer, neuron):
        part, through_attention = _part(found, layer, position, pre)
        parts.append(part)
        parallel = parallel and not through_attention
    activations = found.neurons[layer].detach().reshape(len(found.ids), -1)
    return Reads(parts, float(activations[position, neuron]), parallel)


def refuse_unknown(found: HeldPass, layer: int, neuron: int, position: int) -> None:
    """Raise KnError where the model has no such neuron, or the prompt no such position."""
    parts = found.parts
    if not (0 <= layer < parts.n_layers and 0 <= neuron < parts.n_neurons):
        raise KnError(f"there is no neuron ({layer}, {neuron}) in this model")
    if not 0 <= position < len(found.ids):
        raise KnError(f"this prompt has {len(found.ids)} tokens: there is no position {position}")


def _part(found: HeldPass, layer: int, position: int, pre: PreActivation) -> tuple[Part, bool]:
    """A pre-activation's part, and whether it reads attention."""
    import torch

    n, stream = len(found.ids), found.inputs[layer]
    biases = [bias for bias in found.biases if bias.layer == layer]
    value = found.mlp_inputs[layer][pre.map].reshape(n, -1)[position, pre.place]
    direct, attended, *of_biases = _gradients(
        value, [stream, found.heads[layer], *(b.output for b in biases)]
    )
    own = 0.0 if direct is None else float((direct * stream.detach()).double().sum())
    added = _sum(biases, of_biases)
    heads = np.zeros((found.layout.n_heads, n))
    if attended is not None:
        mixed = found.mixed[layer]
        split = found.by_head(attended)
        for head in range(len(heads)):
            alone = torch.zeros_like(split)
            alone[..., head, :] = split[..., head, :]
            (through,) = _gradients(mixed, [stream], alone.flatten(-2))
            if through is not None:
                heads[head] = (through * stream.detach()).double().sum((0, 2)).cpu().numpy()
        added += _sum(biases, _gradients(mixed, [b.output for b in biases], attended))
    parts = np.concatenate([[own, added], heads.ravel()])[None]
    checked(f"What neurons of layer {layer} read", parts, np.array([float(value.detach())]))
    told = heads[:, : position + 1].astype(np.float32)
    return Part(pre.name, float(value.detach()), own, added, told), attended is not None


def _gradients(
    of: Tensor, inputs: list[Tensor], upstream: Tensor | None = None
) -> list[Tensor | None]:
    import torch

    if not inputs:
        return []
    return list(torch.autograd.grad(of, inputs, upstream, retain_graph=True, allow_unused=True))


def _sum(biases: list[Bias], gradients: list[Tensor | None]) -> float:
    return math.fsum(
        float((g * bias.bias).double().sum())
        for bias, g in zip(biases, gradients, strict=True)
        if g is not None
    )
