"""The plain way: the whole prompt through the whole model each time, and no cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kn_assets.models.load import LoadedModel
from kn_assets.models.parts import find_parts
from kn_assets.models.source import ModelSource
from tests.models import tiny

IDS = [5, 9, 30, 77, 12, 100, 41]


def loaded(family: str, **changes: Any) -> LoadedModel:
    """A tiny random model of a family whose next tokens are far from certain."""
    model = tiny.model(family, **changes).requires_grad_(False)
    tokenizer: Any = None
    return LoadedModel(model, tokenizer, find_parts(model), ModelSource(family, "folder", family))


def probabilities(
    loaded: LoadedModel, ids: list[int], changes: dict[int, Callable[[Tensor], Tensor]]
) -> Tensor:
    """P(next token), [vocab_size], with each layer's neurons at the last position changed.

    changes: layer -> what the activations [neurons] there become.
    """
    handles = []
    for layer, change in changes.items():

        def hook(_module: Any, args: tuple[Tensor, ...], change: Any = change) -> tuple[Tensor]:
            whole = args[0].reshape(-1, args[0].shape[-1])
            changed = torch.cat([whole[:-1], change(whole[-1])[None]])
            return (changed.reshape(args[0].shape),)

        handles.append(loaded.parts.mlp_outputs[layer].register_forward_pre_hook(hook))
    try:
        logits = loaded.model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
    finally:
        for handle in handles:
            handle.remove()
    return logits.softmax(-1)


def activations(loaded: LoadedModel, ids: list[int]) -> Tensor:
    """[layers, neurons] at the last position."""
    seen: dict[int, Tensor] = {}

    def taking(layer: int) -> Callable[[Tensor], Tensor]:
        return lambda a: seen.setdefault(layer, a.clone())

    with torch.no_grad():
        probabilities(loaded, ids, {i: taking(i) for i in range(loaded.parts.n_layers)})
    return torch.stack([seen[i] for i in range(loaded.parts.n_layers)])


def attribution(
    loaded: LoadedModel, ids: list[int], answer: int, layer: int, alphas: list[float]
) -> list[float]:
    """w_i * mean_k dP(alpha_k w)/dw_i of one layer, by autograd for one neuron at a time."""
    w = activations(loaded, ids)[layer]
    found = []
    for i in range(len(w)):
        total = 0.0
        for alpha in alphas:
            one = (alpha * w[i]).clone().requires_grad_()

            def change(_: Tensor, alpha: float = alpha, one: Tensor = one, i: int = i) -> Tensor:
                return torch.cat([alpha * w[:i], one[None], alpha * w[i + 1 :]])

            p = probabilities(loaded, ids, {layer: change})[answer]
            total += float(torch.autograd.grad(p, one)[0])
        found.append(float(w[i]) * total / len(alphas))
    return found
