"""One forward pass over a prompt whose residual stream can be taken apart.

The inputs of the attentions' and the MLPs' output projections are cut from what computed them: so
gradients of what comes later flow through residual additions, and whatever an architecture puts
there (norms behind sublayers, multipliers, gains), but through no attention and no MLP. With scales
held (see `held`) the final hidden states are then an affine map of all units at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.atlas.direct.held import Held
from kn_assets.errors import KnError
from kn_assets.progress import Bar

if TYPE_CHECKING:
    from torch import Tensor, nn

    from kn_assets.atlas.direct.layout import Layout
    from kn_assets.models.parts import Parts

MOST_BYTES = 2 << 30
"""What a pass may keep: of every layer the patterns and a few values of each token."""
TOLERANCE = 1e-4
"""How far the sum of all parts may be from the whole, in float32."""


@dataclass(frozen=True, eq=False)
class Bias:
    """A module's call whose bias was added: its output, [..., width], and the bias, [width]."""

    layer: int
    output: Tensor
    bias: Tensor


@dataclass(eq=False)
class HeldPass:
    """The tensors of a pass over T tokens; all of them are part of its graph.

    `ids`: int64 [T]; `inputs[i]`: the residual stream before block i, [1, T, d_model], that before
    block 0 a leaf; `outputs[i]`: after block i, no part of the graph; `heads[i]`: the input of the
    attention's output projection, [1, T, n_heads * width], a leaf, and `mixed[i]`: the same as it
    was computed; `neurons[i]`: the input of the MLP's output projection, [1, T, n_neurons], a leaf
    (OPT: [T, n_neurons]); `attention_written[i]`, `mlp_written[i]`: what these projections give,
    [1, T, d_model], biases and all; `mlp_inputs[i]`: outputs of the layout's `mlp_inputs`; `last`:
    the body's last hidden states, [T, width], normed; `calls[i]`: the arguments of block i.
    """

    layout: Layout
    ids: np.ndarray
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    heads: list[Tensor] = field(default_factory=list)
    mixed: list[Tensor] = field(default_factory=list)
    neurons: list[Tensor] = field(default_factory=list)
    attention_written: list[Tensor] = field(default_factory=list)
    mlp_written: list[Tensor] = field(default_factory=list)
    mlp_inputs: list[list[Tensor]] = field(default_factory=list)
    biases: list[Bias] = field(default_factory=list)
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    last: Tensor = field(init=False)

    @classmethod
    def of(cls, layout: Layout, ids: np.ndarray, bar: Bar | None = None) -> HeldPass:
        """Run a float32 model over a prompt, int [T].

        Raises KnError where the pass would keep more than `MOST_BYTES`.
        """
        import torch

        parts = layout.parts
        _refuse_long(layout, len(ids))
        made = cls(layout, np.asarray(ids, np.int64))
        device = parts.unembedding.weight.device
        given = torch.from_numpy(made.ids[None]).to(device)  # type: ignore[arg-type]
        with torch.enable_grad(), made._recording(bar), Held():
            last = parts.body(input_ids=given, use_cache=False).last_hidden_state
        made.last = last[0]
        return made

    @property
    def parts(self) -> Parts:
        return self.layout.parts

    @property
    def size(self) -> int:
        """Bytes that it keeps, about."""
        return _bytes(self.layout, len(self.ids))

    def by_head(self, values: Tensor) -> Tensor:
        """[..., n_heads * width] as [..., n_heads, width]."""
        return values.unflatten(-1, (self.layout.n_heads, -1))

    @contextmanager
    def _recording(self, bar: Bar | None) -> Iterator[None]:
        parts, handles = self.parts, []
        try:
            for layer, block in enumerate(parts.blocks):
                self.mlp_inputs.append([])
                handles.append(
                    block.register_forward_pre_hook(self._entering(layer), with_kwargs=True)
                )
                projection = self.layout.attention_outputs[layer]
                handles.append(
                    projection.register_forward_pre_hook(_cutting(self.heads, self.mixed))
                )
                handles.append(
                    parts.mlp_outputs[layer].register_forward_pre_hook(_cutting(self.neurons))
                )
                for module, written in (
                    (projection, self.attention_written),
                    (parts.mlp_outputs[layer], self.mlp_written),
                ):
                    handles.append(module.register_forward_hook(_keeping(written)))
                handles.append(block.register_forward_hook(self._leaving(bar)))
            for module, layer in _with_bias(parts):
                handles.append(module.register_forward_hook(self._adding(layer)))
            for layer, attention in enumerate(parts.attentions):
                handles.append(attention.register_forward_hook(self._handing_out(layer)))
                for module in self.layout.mlp_inputs[layer]:  # with what their biases add
                    hook = _keeping(self.mlp_inputs[layer])
                    handles.append(module.register_forward_hook(hook))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _entering(self, layer: int) -> Any:
        def hook(_block: Any, args: Any, named: dict[str, Any]) -> Any:
            hidden = args[0] if args else named["hidden_states"]
            if layer == 0:
                hidden = hidden.detach().requires_grad_()
            self.inputs.append(hidden)
            given = (
                ((hidden, *args[1:]), named) if args else (args, {**named, "hidden_states": hidden})
            )
            self.calls.append(given)
            return given

        return hook

    def _leaving(self, bar: Bar | None) -> Any:
        def hook(_block: Any, _args: Any, output: Any) -> None:
            self.outputs.append(self.parts.block_output(output).detach())
            if bar is not None:
                bar.advance()

        return hook

    def _adding(self, layer: int) -> Any:
        def hook(module: Any, _args: Any, output: Any) -> Any:
            if not hasattr(output, "requires_grad") or not output.requires_grad:
                return None
            self.biases.append(Bias(layer, output, module.bias.detach()))
            return output.clone()  # what follows may change it in place

        return hook

    def _handing_out(self, layer: int) -> Any:
        """GPT-NeoX-Japanese's attention returns its bias, and the block adds it."""
        from torch import nn

        def told(value: Any) -> Any:
            if not isinstance(value, nn.Parameter) or value.ndim != 1:
                return value
            at_each = value.detach().expand(1, len(self.ids), -1).clone().requires_grad_()
            self.biases.append(Bias(layer, at_each, value.detach()))
            return at_each

        def hook(_module: Any, _args: Any, output: Any) -> Any:
            return tuple(map(told, output)) if isinstance(output, tuple) else None

        return hook


def checked(what: str, parts: np.ndarray, whole: np.ndarray) -> None:
    """Raise KnError where parts, summed in float64, don't give the whole within `TOLERANCE`.

    Of large parts that cancel a float32 pass itself is no surer than their rounding.
    parts: [n, parts]; whole: [n].
    """
    apart = np.abs(parts.sum(1) - whole)
    bound = TOLERANCE * np.maximum(1.0, ROUNDED * np.abs(parts).sum(1))
    if not (apart <= bound).all():
        raise KnError(
            f"{what} can't be told for this model: its parts sum to something else than the whole "
            f"(by {float(apart.max()):.2g}), so its blocks do more than attention, MLP and norms, "
            "or change what they add in a way that isn't understood"
        )


ROUNDED = 1e-2


def _cutting(kept: list[Tensor], before: list[Tensor] | None = None) -> Any:
    def hook(_module: Any, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        leaf = args[0].detach().requires_grad_()
        kept.append(leaf)
        if before is not None:
            before.append(args[0])
        return (leaf, *args[1:])

    return hook


def _keeping(kept: list[Tensor]) -> Any:
    def hook(_module: Any, _args: Any, output: Tensor) -> Tensor:
        kept.append(output)
        return output.clone()

    return hook


def _with_bias(parts: Parts) -> Iterator[tuple[nn.Module, int]]:
    """The body's modules that add a bias, each with its layer, -1 outside the blocks."""
    from torch import nn

    of = {m: layer for layer, block in enumerate(parts.blocks) for m in block.modules()}
    for module in parts.body.modules():
        bias = getattr(module, "bias", None)
        if isinstance(bias, nn.Parameter) and bias.ndim == 1:
            yield module, of.get(module, -1)


def _bytes(layout: Layout, n: int) -> int:
    parts = layout.parts
    pairs = 2 * layout.n_heads * n * n
    return 4 * parts.n_layers * (pairs + n * (12 * parts.d_model + 3 * parts.n_neurons))


def _refuse_long(layout: Layout, n: int) -> None:
    if _bytes(layout, n) > MOST_BYTES:
        longest = n
        while longest > 1 and _bytes(layout, longest) > MOST_BYTES:
            longest -= max(1, longest // 64)
        raise KnError(
            f"this prompt has {n:,} tokens: contributions are computed for {longest:,} or fewer in "
            "this model, since what the pass keeps would take over 2 GB of memory"
        )
