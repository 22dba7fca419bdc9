"""Passes in which attention patterns and the scales of norms are held.

A norm divides by a size that it takes from its own input, and attention weighs by a softmax of
products: both hang on all units at once. Held at the values that they have in this pass, the
residual stream, and the way through an attention's values and output, are affine maps: what goes in
can be split into summands, and each one's share of what comes out is its gradient times its value
(direct logit attribution; Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits").

No architecture is known here. Whatever a model computes its norms with ends in one of a few
functions of torch, and of those the result is taken as a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_SCALES = ("rsqrt", "sqrt", "norm", "vector_norm")
_POWERS = ("pow", "__pow__")


class Held(TorchFunctionMode):
    """While open, patterns and scales of norms are constants to autograd; values stay as they are.

    `patterns`, where a list is given, takes the softmaxes' results in their order: as leaves then,
    which autograd can ask about.
    """

    def __init__(self, patterns: list[Tensor] | None = None) -> None:
        super().__init__()
        self._patterns = patterns

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name == "layer_norm":
            return _layer_norm(*args, **kwargs)
        if name == "rms_norm":
            return _rms_norm(*args, **kwargs)
        found = func(*args, **kwargs)
        if name == "softmax":
            return self._pattern(found)
        if name in _SCALES or (name in _POWERS and _is_scale(args, kwargs)):
            return found.detach()
        return found

    def _pattern(self, found: Tensor) -> Tensor:
        found = found.detach()
        if self._patterns is not None:
            self._patterns.append(found.requires_grad_())
        return found


def _is_scale(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a power is a root or one over something: squares are none."""
    exponent = kwargs.get("exponent", args[1] if len(args) > 1 else None)
    return isinstance(exponent, int | float) and (exponent < 0 or exponent == 0.5)


def _layer_norm(
    values: Tensor,
    shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    *_: Any,
) -> Tensor:
    """As `torch.nn.functional.layer_norm`, by parts."""
    last = tuple(range(-len(shape), 0))
    centred = values - values.mean(last, keepdim=True)
    scale = torch.rsqrt(centred.detach().pow(2).mean(last, keepdim=True) + eps)
    return _gained(centred * scale, weight, bias)


def _rms_norm(
    values: Tensor, shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """As `torch.nn.functional.rms_norm`, by parts."""
    last = tuple(range(-len(shape), 0))
    least = torch.finfo(values.dtype).eps if eps is None else eps
    scale = torch.rsqrt(values.detach().pow(2).mean(last, keepdim=True) + least)
    return _gained(values * scale, weight, None)


def _gained(normed: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    if weight is not None:
        normed = normed * weight
    return normed if bias is None else normed + bias
