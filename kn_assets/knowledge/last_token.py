"""A prompt's last position, with all that comes before it computed once.

A model's answer is read at the prompt's last position, and what is changed there changes nothing
before it. So the keys and values of the prefix are cached, each block's call at the last position
is recorded, and the network can be run again from any block on, for many changed rows at once. No
class of model is known here: the blocks are called as the model itself called them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kn_assets.errors import KnError
from kn_assets.models.finite import refuse_stream

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.load import LoadedModel
    from kn_assets.models.parts import Parts

_PER_ROW = ("alibi",)  # made for each row and head: [rows * heads, 1, keys]


@dataclass(frozen=True, eq=False)
class LastToken:
    """The network at the last position of one prompt.

    `inputs[i]`: what block i got, [1, 1, d_model]; `activations`: its neurons there, [layers,
    neurons] (values at the input of the MLP's output projection); `final`: the last block's output,
    [1, 1, d_model]. All are in the model's dtype.
    """

    parts: Parts
    inputs: list[Tensor]
    activations: Tensor
    final: Tensor
    flat: bool
    _calls: list[tuple[tuple[Any, ...], dict[str, Any]]]

    def probabilities(self) -> Tensor:
        """Of every next token, float32 [vocab_size]."""
        return self.parts.logits(self.final)[0, 0].float().softmax(-1)

    def block(self, layer: int, hidden: Tensor) -> Tensor:
        """Run block `layer` on rows of its input: [rows, 1, d_model] -> the same shape.

        Raises KnError where what comes out isn't finite, or overflows when it is squared.
        """
        args, kwargs = self._calls[layer]
        rows = len(hidden)
        for name in _PER_ROW:
            if kwargs.get(name) is not None:
                kwargs = {**kwargs, name: kwargs[name].repeat(rows, 1, 1)}
        found = self.parts.block_output(self.parts.blocks[layer](hidden, *args, **kwargs))
        refuse_stream(layer, found)
        return found

    def enter(self, layer: int, activations: Tensor) -> Tensor:
        """Run block `layer` with its neurons replaced: [rows, neurons] -> [rows, 1, d_model].

        All in the block that comes before the replacement is run for one row only, where the
        architecture allows it.
        """
        hidden, rows = self.inputs[layer], activations
        if self.flat:
            hidden = hidden.expand(len(activations), -1, -1)
        else:
            rows = activations[:, None]
        with _replacing(self.parts, layer, lambda _: rows):
            return self.block(layer, hidden)

    def scale(self, factors: dict[int, Tensor]) -> Tensor:
        """Multiply neurons where they stand: the last block's output, [rows, 1, d_model].

        factors: layer -> [rows, neurons]. What flows is multiplied: a neuron in a later layer is
        scaled from the value which it takes after the earlier ones have been.
        """
        first = min(factors, default=None)
        if first is None:
            return self.final
        hidden = self.inputs[first].expand(len(factors[first]), -1, -1)
        for layer in range(first, self.parts.n_layers):
            if layer not in factors:
                hidden = self.block(layer, hidden)
                continue
            factor = factors[layer] if self.flat else factors[layer][:, None]
            with _replacing(self.parts, layer, lambda a, factor=factor: a * factor):
                hidden = self.block(layer, hidden)
        return hidden


def last_token(loaded: LoadedModel, ids: Sequence[int]) -> LastToken:
    """Run a prompt once and keep what is needed to run its last position again.

    ids: the prompt's tokens, one at least. Raises KnError where the prompt doesn't fit the model,
    for values that aren't finite, and for architectures that can't be run from a block on: those
    which keep no keys and values, or do something between their blocks.
    """
    return of_parts(loaded.parts, ids)


def of_parts(parts: Parts, ids: Sequence[int]) -> LastToken:
    """`last_token` of a model's parts."""
    import torch

    if not 0 < len(ids) <= parts.context:
        raise KnError(f"the prompt has {len(ids)} tokens; the model reads 1 to {parts.context}")
    device = next(parts.unembedding.parameters()).device
    tokens = torch.tensor([list(ids)], device=device)
    seen = _Recorded([], [], [], [])
    with torch.no_grad():
        cache = None
        if len(ids) > 1:
            cache = parts.body(input_ids=tokens[:, :-1], use_cache=True).past_key_values
        prefix = _prefix(parts, cache)
        with _recording(parts, seen):
            parts.body(input_ids=tokens[:, -1:], past_key_values=cache, use_cache=True)
    for layer, left in enumerate(seen.outputs):
        refuse_stream(layer, left)
    in_turn = zip(seen.inputs[1:], seen.outputs, strict=False)
    if not all(torch.equal(given, left) for given, left in in_turn):
        raise KnError(
            f"{type(parts.body).__name__} computes something between its blocks: it can't be "
            "restarted from a layer, which attribution and interventions need"
        )
    return LastToken(
        parts=parts,
        inputs=seen.inputs,
        activations=torch.stack([a.reshape(-1) for a in seen.activations]),
        final=seen.outputs[-1],
        flat=seen.activations[0].ndim == 2,
        _calls=[_with_prefix(args, kwargs, prefix) for args, kwargs in seen.calls],
    )


class _Prefix:
    """Keys and values of the prefix for any number of rows; what is added isn't kept.

    Stands where a transformers `Cache` stood: blocks only ever call `update`.
    """

    def __init__(self, layers: list[tuple[Tensor, Tensor]]) -> None:
        self._layers = layers

    def update(
        self, keys: Tensor, values: Tensor, layer: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        if not self._layers:
            return keys, values
        return self._joined(layer, 0, keys), self._joined(layer, 1, values)

    def _joined(self, layer: int, which: int, new: Tensor) -> Tensor:
        import torch

        return torch.cat([self._layers[layer][which].expand(len(new), -1, -1, -1), new], dim=-2)

    def get_seq_length(self, layer: int = 0) -> int:
        return self._layers[layer][0].shape[-2] if self._layers else 0


def _prefix(parts: Parts, cache: Any) -> _Prefix:
    if cache is None:
        return _Prefix([])
    layers: list[Any] = [
        (getattr(c, "keys", None), getattr(c, "values", None)) for c in getattr(cache, "layers", ())
    ]
    if len(layers) != parts.n_layers or any(k is None or v is None for k, v in layers):
        raise KnError(
            f"{type(parts.body).__name__} doesn't keep keys and values for each of its blocks: "
            "attribution and interventions need them"
        )
    return _Prefix(layers)


def _with_prefix(
    args: tuple[Any, ...], kwargs: dict[str, Any], prefix: _Prefix
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A recorded call without its hidden states, and with the prefix in place of its cache."""
    from transformers import Cache

    def put(value: Any) -> Any:
        return prefix if isinstance(value, Cache) else value

    kwargs = {name: put(value) for name, value in kwargs.items() if name != "hidden_states"}
    return tuple(put(value) for value in args[1:]), kwargs


@dataclass(frozen=True)
class _Recorded:
    inputs: list[Tensor]
    outputs: list[Tensor]
    activations: list[Tensor]
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]]


@contextmanager
def _recording(parts: Parts, seen: _Recorded) -> Iterator[None]:
    def enters(_module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        seen.inputs.append(args[0] if args else kwargs["hidden_states"])
        seen.calls.append((args, kwargs))

    def leaves(_module: Any, _args: Any, output: Any) -> None:
        seen.outputs.append(parts.block_output(output))

    def fires(_module: Any, args: tuple[Tensor, ...]) -> None:
        seen.activations.append(args[0])

    handles = []
    try:
        for block, projection in zip(parts.blocks, parts.mlp_outputs, strict=True):
            handles.append(block.register_forward_pre_hook(enters, with_kwargs=True))
            handles.append(block.register_forward_hook(leaves))
            handles.append(projection.register_forward_pre_hook(fires))
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _replacing(parts: Parts, layer: int, change: Any) -> Iterator[None]:
    """While open, the neurons of a layer are what `change` makes of them."""
    handle = parts.mlp_outputs[layer].register_forward_pre_hook(
        lambda _module, args: (change(args[0]), *args[1:])
    )
    try:
        yield
    finally:
        handle.remove()
