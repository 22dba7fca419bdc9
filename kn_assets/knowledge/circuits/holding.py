"""What isn't linear in a pass, held so that relevance flows back by gradients (RelP).

Norms' denominators and attention patterns are held by `atlas.direct.held`; here activation
functions become ratios, act(x) / x, and at a gated product half of the relevance goes to each
factor (arXiv 2508.21258). Biases are noted: they are sources, beside the embeddings.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch import Tensor, nn

    from kn_assets.atlas.direct.layout import Layout

_SMALL = 1e-6


def capped(parts: Any, hidden: Tensor) -> Tensor:
    """Logits whose cap, where there is one, is a ratio that is held: [1, vocab_size]."""
    raw = parts.unembedding(parts.project_out(parts.final_norm(hidden))) * parts.logit_scale
    if parts.logit_cap is None:
        return raw
    return _ratio_held(raw, (raw.detach() / parts.logit_cap).tanh() * parts.logit_cap)


def of_unembedding(parts: Any, answer: int, against: int) -> float:
    """What the unembedding's own bias adds to the logit difference."""
    bias = parts.unembedding.bias
    if bias is None:
        return 0.0
    scaled = bias.detach() * parts.logit_scale
    return float(scaled[answer] - scaled[against])


@dataclass(eq=False)
class Biases:
    """Outputs of modules that add a bias, with the bias."""

    added: list[tuple[Tensor, Tensor]]

    def __init__(self) -> None:
        self.added = []

    def sums(self, gradients: Sequence[Tensor | None]) -> float:
        """Bias times gradient over all of `added`; None is what the scalar doesn't hang on."""
        return math.fsum(
            float((g.double() * bias.double()).sum())
            for g, (_, bias) in zip(gradients, self.added, strict=True)
            if g is not None
        )


@contextmanager
def holding(layout: Layout, biases: Biases) -> Iterator[None]:
    """While open, activation functions are ratios, and gated products halve what flows back."""
    parts = layout.parts
    handles = []
    try:
        for layer, block in enumerate(parts.blocks):
            inside = set(parts.attentions[layer].modules())
            for module in block.modules():
                if module not in inside and _is_function(module):
                    handles.append(module.register_forward_hook(_holding))
            if gated(layout, layer):
                handles.append(parts.mlp_outputs[layer].register_forward_pre_hook(_halving))
            attention = parts.attentions[layer]
            handles.append(attention.register_forward_hook(_handing_out(biases)))
        for module in parts.body.modules():
            if _adds_bias(module):
                handles.append(module.register_forward_hook(_noting(biases)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def gated(layout: Layout, layer: int) -> bool:
    """Whether a layer's neurons are products: its MLP reads twice as many values as neurons."""
    from kn_assets.models.structure import input_major

    widths = [input_major(m).shape[1] for m in layout.mlp_inputs[layer]]
    return sum(widths) >= 2 * layout.parts.n_neurons


def _is_function(module: nn.Module) -> bool:
    """A module without parts and weights of its own: an activation function, or dropout, which
    does nothing here. Norms without weights are held by `Held`.
    """
    bare = not list(module.children()) and not list(module.parameters(recurse=False))
    return bare and "norm" not in type(module).__name__.lower()


def _holding(_module: Any, args: tuple[Any, ...], output: Any) -> Any:
    given = args[0] if args else None
    if not isinstance(given, torch.Tensor) or not isinstance(output, torch.Tensor):
        return None
    return _ratio_held(given, output) if given.shape == output.shape else None


def _ratio_held(given: Tensor, output: Tensor) -> Tensor:
    """`output`, as the input times a constant; where the input is all but 0, its relevance is."""
    x, y = given.detach(), output.detach()
    ratio = torch.where(x.abs() > _SMALL, y / x, torch.zeros_like(x))
    return y + ratio * (given - x)


def _halving(_module: Any, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    whole = args[0].detach()
    return (whole + 0.5 * (args[0] - whole), *args[1:])


def _adds_bias(module: nn.Module) -> bool:
    from torch import nn

    bias = getattr(module, "bias", None)
    return isinstance(bias, nn.Parameter) and bias.ndim == 1


def _noting(biases: Biases) -> Any:
    def hook(module: Any, _args: Any, output: Any) -> Any:
        if not isinstance(output, torch.Tensor) or not output.requires_grad:
            return None
        biases.added.append((output, module.bias.detach()))
        return output.clone()  # what follows may change it in place

    return hook


def _handing_out(biases: Biases) -> Any:
    """GPT-NeoX-Japanese's attention returns its bias, and the block adds it at each token."""
    from torch import nn

    def noted(value: Any, like: Any) -> Any:
        if not isinstance(value, nn.Parameter) or value.ndim != 1:
            return value
        bias = value.detach()
        at_each = bias.expand_as(like).clone().requires_grad_()
        biases.added.append((at_each, bias))
        return at_each.clone()

    def hook(_module: Any, _args: Any, output: Any) -> Any:
        if not isinstance(output, tuple):
            return None
        return tuple(noted(value, output[0]) for value in output)

    return hook
