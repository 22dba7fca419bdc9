"""Whether attention comes out the same in both ways that transformers has for it.

Attention weights are only seen in the eager implementation, while a plain run of the model takes
the default one (sdpa for most). Both should compute the same, but not for every architecture do
they: so they are compared on the loaded model.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kn_assets.errors import KnError

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.parts import Parts

# Of a layer's largest output. Sums in another order differ by 1e-6 (float32) and 5e-3 (bfloat16).
_TOLERANCE, _COARSE = 1e-4, 2e-2


@dataclass
class Passed:
    """What met each layer in a pass of the body.

    inputs: the blocks' inputs; outputs: what their attention modules gave. Both are lists by layer
    of [batch, position, d_model].
    """

    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)


@contextmanager
def passing(parts: Parts, instead: list[Tensor] | None = None) -> Iterator[Passed]:
    """While open, the pass that runs is written down; blocks get the inputs of `instead`."""
    seen, handles = Passed(), []

    def entering(layer: int) -> Any:
        def hook(_block: Any, args: Any, named: dict[str, Any]) -> Any:
            seen.inputs.append(args[0] if args else named["hidden_states"])
            if instead is None:
                return None
            given = instead[layer]
            return (
                ((given, *args[1:]), named) if args else (args, {**named, "hidden_states": given})
            )

        return hook

    def leaving(_module: Any, _args: Any, output: Any) -> None:
        seen.outputs.append(parts.block_output(output))

    try:
        for layer in range(parts.n_layers):
            before = parts.blocks[layer].register_forward_pre_hook(
                entering(layer), with_kwargs=True
            )
            handles += [before, parts.attentions[layer].register_forward_hook(leaving)]
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def compare(what: object, model: Any, parts: Parts, eager: Passed) -> None:
    """Raise KnError where a model's eager attention isn't what its default one computes.

    eager: a pass over `parts.probe()`. Each layer is compared alone, at all positions: the default
    gets the input which the eager one met there, so that rounding doesn't add up over the layers.
    """
    import torch

    default = model.get_correct_attn_implementation(None)
    if default == "eager":
        return
    with torch.no_grad(), _attention(model, default), passing(parts, eager.inputs) as plain:
        parts.body(input_ids=parts.probe(), use_cache=False)
    fine = plain.inputs[0].dtype in (torch.float32, torch.float64)
    for layer, (one, other) in enumerate(zip(eager.outputs, plain.outputs, strict=True)):
        apart = float((one.float() - other.float()).abs().max() / other.float().abs().max())
        if not apart <= (_TOLERANCE if fine else _COARSE):
            raise KnError(
                f"{type(model).__name__} is not supported as {what} uses it: attention whose "
                f"weights can be seen (eager) differs from transformers' default ({default}) by "
                f"{apart:.1%} in layer {layer}, so its numbers would be wrong"
            )


@contextmanager
def _attention(model: Any, name: str) -> Iterator[None]:
    """Let the model's modules, which ask their configurations at each pass, attend in that way."""
    configs = {id(m.config): m.config for m in model.modules() if hasattr(m, "config")}.values()
    before = [config._attn_implementation for config in configs]
    try:
        for config in configs:
            config._attn_implementation = name
        yield
    finally:
        for config, was in zip(configs, before, strict=True):
            config._attn_implementation = was
