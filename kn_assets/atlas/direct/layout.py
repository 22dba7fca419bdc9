"""Where attention ends and MLPs begin in each block, told by a trial pass, not by names.

An attention's output projection is the last linear map that it calls; its heads are the equal parts
of that map's input, each of which hangs on attention patterns of its own. Linear maps that a block
calls between its attention and the MLP's output projection may compute pre-activations.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kn_assets.atlas.direct.held import Held
from kn_assets.errors import KnError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from kn_assets.models.parts import Parts


@dataclass(frozen=True, eq=False)
class Layout:
    """What of each layer is watched in a pass.

    attention_outputs: the attentions' output projections; mlp_inputs: the linear maps that each
    block calls outside attention before the MLP's output projection; n_heads: the parts of each
    output projection's input that hang on patterns of their own. That is the number of attention
    heads, and half of it in a differential transformer, whose heads work in pairs. patterns[h]:
    the numbers of head h's patterns among those that each softmax of a layer gives.
    """

    parts: Parts
    attention_outputs: list[nn.Module]
    mlp_inputs: list[list[nn.Module]]
    n_heads: int
    patterns: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, parts: Parts) -> Layout:
        """Try the model on a few tokens. Raises KnError where its attention isn't understood."""
        import torch

        with torch.enable_grad(), _watching(parts) as seen, Held(seen.patterns):
            parts.body(input_ids=parts.probe(), use_cache=False)
        for layer, calls in enumerate(seen.attention):
            if not calls or not seen.spans[layer]:
                raise KnError(
                    f"layer {layer}'s attention has no output projection or no softmax that could "
                    "be seen: contributions of its heads can't be told"
                )
        of_layer = [seen.heads(layer) for layer in range(parts.n_layers)]
        counts = {len(patterns) for patterns in of_layer}
        if len(counts) > 1:
            raise KnError(
                f"the layers of this model have different numbers of heads "
                f"({', '.join(map(str, sorted(counts)))}): contributions of heads can't be told"
            )
        outputs = [calls[-1][0] for calls in seen.attention]
        return cls(parts, outputs, seen.before, counts.pop(), of_layer[0])


@dataclass
class _Seen:
    """attention: of each layer the projections that it called, with their inputs; spans: which of
    `patterns` are its own; before: the projections called outside before the MLP's output's.
    """

    attention: list[list[tuple[nn.Module, Tensor]]]
    before: list[list[nn.Module]]
    spans: list[list[Tensor]]
    patterns: list[Tensor] = field(default_factory=list)

    def heads(self, layer: int) -> tuple[tuple[int, ...], ...]:
        """The patterns of each of the parts into which the projection's input falls, as many as
        have patterns of their own.
        """
        import torch

        values, patterns = self.attention[layer][-1][1], self.spans[layer]
        n = patterns[0].numel() // patterns[0].shape[-1] // patterns[0].shape[-2]
        width, count = values.shape[-1], n
        generator = torch.Generator().manual_seed(0)
        weights = torch.randn(width, generator=generator).to(values)
        while count > 1:
            if width % count == 0:
                parts = (values * weights).reshape(-1, count, width // count).sum((0, 2))
                sets = [_patterns_of(part, patterns, n) for part in parts]
                if sum(len(s) for s in sets) == len(set().union(*sets)):
                    return tuple(tuple(sorted(s)) for s in sets)
            count = count // 2 if count % 2 == 0 else 1
        return (tuple(range(n)),)


def _patterns_of(part: Tensor, patterns: list[Tensor], n: int) -> set[int]:
    """The attention heads on whose patterns a number hangs."""
    import torch

    found = torch.autograd.grad(part, patterns, retain_graph=True, allow_unused=True)
    of = [g.reshape(n, -1).abs().amax(1).nonzero()[:, 0].tolist() for g in found if g is not None]
    return {head for heads in of for head in heads}


@contextmanager
def _watching(parts: Parts) -> Iterator[_Seen]:
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    n = range(parts.n_layers)
    seen = _Seen([[] for _ in n], [[] for _ in n], [[] for _ in n])
    handles = []
    inside: list[int] = []  # patterns before the attention that runs; none runs where it is empty
    past: set[int] = set()

    def calls(layer: int) -> Any:
        def hook(module: nn.Module, args: tuple[Tensor, ...]) -> None:
            if module is parts.mlp_outputs[layer]:
                past.add(layer)
            elif inside:
                seen.attention[layer].append((module, args[0]))
            elif layer not in past:
                seen.before[layer].append(module)

        return hook

    def leaving(layer: int) -> Any:
        def hook(_module: Any, _args: Any, _output: Any) -> None:
            seen.spans[layer] = seen.patterns[inside.pop() :]

        return hook

    def leaf(_module: Any, args: Any, named: dict[str, Any]) -> Any:
        hidden = (args[0] if args else named["hidden_states"]).detach().requires_grad_()
        return ((hidden, *args[1:]), named) if args else (args, {**named, "hidden_states": hidden})

    def entering(_module: Any, _args: Any) -> None:
        inside.append(len(seen.patterns))

    try:
        handles.append(parts.blocks[0].register_forward_pre_hook(leaf, with_kwargs=True))
        for layer, block in enumerate(parts.blocks):
            attention = parts.attentions[layer]
            handles.append(attention.register_forward_pre_hook(entering))
            handles.append(attention.register_forward_hook(leaving(layer)))
            for module in block.modules():
                if isinstance(module, nn.Linear | Conv1D):
                    handles.append(module.register_forward_pre_hook(calls(layer)))
        yield seen
    finally:
        for handle in handles:
            handle.remove()
