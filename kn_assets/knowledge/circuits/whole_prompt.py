"""The network at all positions of one prompt, to be run again from any block on, for many rows.

What `knowledge.last_token` does for a prompt's last position, for all of them: a change at an early
token reaches the answer through every later one, so nothing but the blocks below can be spared. The
blocks are called as the model itself called them; no class of model is known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from kn_assets.errors import KnError
from kn_assets.models.finite import refuse_stream

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.atlas.direct.layout import Layout
    from kn_assets.models.parts import Parts

_PER_ROW = ("alibi",)  # made for each row and head: [rows * heads, 1, keys]

Change = Callable[["Tensor"], "Tensor"]
"""Makes other values of [rows, T, units]."""


@dataclass(frozen=True, eq=False)
class Values:
    """What stood at each place of a prompt of T tokens, in float32; L layers, H heads, N neurons.

    inputs[i]: the residual stream before block i, [T, d_model]; heads[i]: the input of its
    attention's output projection, [T, H * width]; neurons[i]: its neurons, [T, N].
    """

    inputs: list[Tensor]
    heads: list[Tensor]
    neurons: list[Tensor]


@dataclass(eq=False)
class Seen:
    """The units' tensors of a run, part of its graph: [rows, T, H * width] and [rows, T, N]."""

    heads: dict[int, Tensor] = field(default_factory=dict)
    neurons: dict[int, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class WholePrompt:
    """One prompt's pass: `values` of all places, and `logits` after its last token,
    [vocab_size]."""

    layout: Layout
    ids: tuple[int, ...]
    values: Values
    logits: Tensor
    _flat: bool
    _calls: list[tuple[tuple[Any, ...], dict[str, Any]]]

    @classmethod
    def of(cls, layout: Layout, ids: Sequence[int]) -> WholePrompt:
        """Run a prompt, one token at least.

        Raises KnError where it doesn't fit the model, for values that aren't finite, and for
        architectures that compute something between their blocks.
        """
        parts = layout.parts
        if not 0 < len(ids) <= parts.context:
            raise KnError(f"the prompt has {len(ids)} tokens; the model reads 1 to {parts.context}")
        given = torch.tensor([list(ids)]).to(next(parts.unembedding.parameters()).device)
        seen = _Recorded()
        with torch.no_grad(), _recording(layout, seen):
            parts.body(input_ids=given, use_cache=False)
        for layer, left in enumerate(seen.outputs):
            refuse_stream(layer, left)
        in_turn = zip(seen.inputs[1:], seen.outputs, strict=False)
        if not all(torch.equal(given, left) for given, left in in_turn):
            raise KnError(
                "this model computes something between its blocks: it can't be restarted from a "
                "layer, which patching needs"
            )
        values = Values(
            [x[0] for x in seen.inputs],
            [x.reshape(len(ids), -1) for x in seen.heads],
            [x.reshape(len(ids), -1) for x in seen.neurons],
        )
        with torch.no_grad():
            logits = parts.logits(seen.outputs[-1][:, -1])[0].float()
        flat = seen.neurons[0].ndim == 2
        return cls(layout, tuple(ids), values, logits, flat, seen.calls)

    @property
    def parts(self) -> Parts:
        return self.layout.parts

    def run(
        self,
        first: int,
        hidden: Tensor,
        heads: Mapping[int, Change] | None = None,
        neurons: Mapping[int, Change] | None = None,
        inputs: Mapping[int, Change] | None = None,
        seen: Seen | None = None,
    ) -> Tensor:
        """Run blocks from `first` on: hidden states after the last one, at the last token.

        hidden: [rows, T, d_model], the input of block `first`. heads, neurons, inputs: layer ->
        what is made of the units' values and of the block's input there. seen: is given the units'
        tensors after the changes. Returns [rows, d_model]. Raises KnError where a block's output
        isn't finite.
        """
        rows = len(hidden)
        for layer in range(first, self.parts.n_layers):
            if inputs and layer in inputs:
                hidden = inputs[layer](hidden)
            args, kwargs = self._calls[layer]
            for name in _PER_ROW:
                if kwargs.get(name) is not None:
                    kwargs = {**kwargs, name: kwargs[name].repeat(rows, 1, 1)}
            change_heads = (heads or {}).get(layer)
            change_neurons = (neurons or {}).get(layer)
            with self._hooked(layer, rows, change_heads, change_neurons, seen):
                hidden = self.parts.block_output(self.parts.blocks[layer](hidden, *args, **kwargs))
            refuse_stream(layer, hidden)
        return hidden[:, -1]

    @contextmanager
    def _hooked(
        self,
        layer: int,
        rows: int,
        heads: Change | None,
        neurons: Change | None,
        seen: Seen | None,
    ) -> Iterator[None]:
        handles = []
        for module, change, kept in (
            (self.layout.attention_outputs[layer], heads, seen.heads if seen else None),
            (self.parts.mlp_outputs[layer], neurons, seen.neurons if seen else None),
        ):
            if change is not None or kept is not None:
                hook = _changing(layer, rows, change, kept)
                handles.append(module.register_forward_pre_hook(hook))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def _changing(layer: int, rows: int, change: Change | None, kept: dict[int, Tensor] | None) -> Any:
    def hook(_module: Any, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        given = args[0]
        values = given.reshape(rows, -1, given.shape[-1])  # OPT's neurons are [rows * T, N]
        if change is not None:
            values = change(values)
        if kept is not None:
            kept[layer] = values
        return (values.reshape(given.shape), *args[1:])

    return hook


@dataclass(eq=False)
class _Recorded:
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    heads: list[Tensor] = field(default_factory=list)
    neurons: list[Tensor] = field(default_factory=list)
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)


@contextmanager
def _recording(layout: Layout, seen: _Recorded) -> Iterator[None]:
    parts = layout.parts

    def enters(_module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        seen.inputs.append(args[0] if args else kwargs["hidden_states"])
        named = {name: value for name, value in kwargs.items() if name != "hidden_states"}
        seen.calls.append((args[1:], named))

    def leaves(_module: Any, _args: Any, output: Any) -> None:
        seen.outputs.append(parts.block_output(output))

    def keeps(kept: list[Tensor]) -> Any:
        return lambda _module, args: kept.append(args[0])

    handles = []
    try:
        for layer, block in enumerate(parts.blocks):
            handles.append(block.register_forward_pre_hook(enters, with_kwargs=True))
            handles.append(block.register_forward_hook(leaves))
            for module, kept in (
                (layout.attention_outputs[layer], seen.heads),
                (parts.mlp_outputs[layer], seen.neurons),
            ):
                handles.append(module.register_forward_pre_hook(keeps(kept)))
        yield
    finally:
        for handle in handles:
            handle.remove()
