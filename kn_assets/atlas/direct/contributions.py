"""Direct contributions of all units to the logit of a target token (direct logit attribution).

Every head, every neuron, the embedding and the biases add a vector to the residual stream; through
whatever lies on the way to the final norm, that norm with its scale held, and the unembedding, each
vector adds a number to the target's logit at its own position. The numbers sum to the logit
(nostalgebraist 2020; Elhage et al. 2021; Geva et al. 2022). What a unit does through later units
isn't in its number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from kn_assets.atlas.direct.held_pass import Bias, HeldPass, checked

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Contributions:
    """Of T tokens, L layers, H heads and N neurons; float32, in units of the logit.

    logit: [T], of the target, or its difference to another token's, before a final softcap;
    embedding: [T], of what enters the first block; biases: [T], of all modules that add one, the
    unembedding too; heads: [T, L, H]; neurons: [T, L, N]; attention, mlp: [T, L], their sums. Where
    a position has no target all are 0.
    """

    logit: np.ndarray
    embedding: np.ndarray
    biases: np.ndarray
    heads: np.ndarray
    neurons: np.ndarray
    attention: np.ndarray
    mlp: np.ndarray


def contributions(
    found: HeldPass, target: np.ndarray, against: np.ndarray | None = None
) -> Contributions:
    """The contributions at every position of a pass.

    target, against: int64 [T], ids of a token for each position, -1 for none. Raises KnError where
    they don't sum to the logit: then the model adds something that isn't understood.
    """
    n, layers = len(found.ids), found.parts.n_layers
    vectors, constant = directions(found, target, against)
    logit = (found.last.detach().double() * vectors.double()).sum(1) + constant.double()
    inputs = [found.inputs[0], *found.heads, *found.neurons, *(b.output for b in found.biases)]
    gradients = toward((found.last * vectors).sum(), inputs)
    products = [
        None if g is None else (g * x.detach()).reshape(n, -1)
        for g, x in zip(gradients, inputs[: 1 + 2 * layers], strict=False)
    ]
    embedding = _sum(products[0], n)
    by_head = [None if p is None else found.by_head(p).sum(-1) for p in products[1 : 1 + layers]]
    added = constant.double()
    for bias, gradient in zip(found.biases, gradients[1 + 2 * layers :], strict=True):
        added = added + of_bias(bias, gradient, n)
    told = Contributions(
        logit=_array(logit),
        embedding=_array(embedding),
        biases=_array(added),
        heads=_stacked(by_head, (n, layers, found.layout.n_heads)),
        neurons=_stacked(products[1 + layers :], (n, layers, found.parts.n_neurons)),
        attention=_array(_sums(products[1 : 1 + layers], n)),
        mlp=_array(_sums(products[1 + layers :], n)),
    )
    parts = [told.embedding[:, None], told.attention, told.mlp, told.biases[:, None]]
    checked("Contributions", np.concatenate(parts, 1, dtype=np.float64), logit.cpu().numpy())
    return told


def directions(
    found: HeldPass, target: np.ndarray, against: np.ndarray | None
) -> tuple[Tensor, Tensor]:
    """The logit as a map of the last hidden states: vectors [T, width] and constants [T]."""
    import torch

    parts = found.parts
    weight = cast("Tensor", parts.unembedding.weight).detach()
    bias = cast("Tensor | None", parts.unembedding.bias)
    vectors = weight.new_zeros(len(target), weight.shape[1])
    constant = weight.new_zeros(len(target))
    there = torch.from_numpy(target >= 0).to(weight.device)
    for ids, sign in ((target, 1.0), (against, -1.0)):
        if ids is None:
            continue
        rows = torch.from_numpy(np.maximum(ids, 0)).to(weight.device)
        scale = sign * parts.logit_scale * there
        vectors += weight[rows] * scale[:, None]
        if bias is not None:
            constant += bias.detach()[rows] * scale
    return vectors, constant


def toward(scalar: Tensor, inputs: list[Tensor]) -> list[Tensor | None]:
    """Gradients of a scalar; None for what it doesn't hang on."""
    import torch

    return list(torch.autograd.grad(scalar, inputs, retain_graph=True, allow_unused=True))


def of_bias(bias: Bias, gradient: Tensor | None, n: int) -> Tensor | float:
    """What a module's bias adds at each position, float64 [T]."""
    if gradient is None:
        return 0.0
    return (gradient * bias.bias).double().reshape(n, -1).sum(1)


def _sum(product: Tensor | None, n: int) -> Tensor:
    import torch

    return torch.zeros(n, dtype=torch.float64) if product is None else product.double().sum(1)


def _sums(products: list[Tensor | None], n: int) -> Tensor:
    import torch

    return torch.stack([_sum(p, n) for p in products], 1)


def _stacked(products: list[Tensor | None], shape: tuple[int, int, int]) -> np.ndarray:
    """[T, L, units]; layers that don't reach the logits are 0."""
    stacked = np.zeros(shape, np.float32)
    for layer, product in enumerate(products):
        if product is not None:
            stacked[:, layer] = product.cpu().numpy()
    return stacked


def _array(values: Tensor) -> np.ndarray:
    return values.detach().cpu().numpy().astype(np.float32)
