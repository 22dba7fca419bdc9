"""The residual stream between a layer's attention and its MLP, for the lens to read.

In most models a block adds what its attention writes to the stream, and then what its MLP writes.
The stream between both is nobody's output: it is put together of what goes into the block and what
attention writes, and held against the block's output, which is that and what the MLP writes. Where
attention and MLP read the same input (GPT-NeoX, Phi, GPT-J), it is what the stream would be without
the layer's MLP.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kn_assets.errors import KnError

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.atlas.forward.capture import Take
    from kn_assets.models.parts import Parts

_OFF = {4: 1e-4, 2: 3e-2}  # of the largest number in the stream, by bytes of a number


@contextmanager
def middles(parts: Parts, take: Take) -> Iterator[None]:
    """While open, each forward pass calls `take(layer, stream)` layer by layer, with the stream
    after attention, [batch, tokens, d_model], in the model's dtype.

    The pass raises KnError where a block does more than add what attention and MLP write: those of
    Gemma 2 and 3 and OLMo 2 norm it first, those of OPT-350m norm the stream.
    """
    written: dict[str, Tensor] = {}

    def enter(_module: Any, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        written["input"] = args[0] if args else named["hidden_states"]

    def keep(name: str) -> Any:
        def hook(_module: Any, _args: Any, output: Any) -> None:
            written[name] = parts.block_output(output)

        return hook

    def leave(layer: int) -> Any:
        def hook(_module: Any, _args: Any, output: Any) -> None:
            stream = parts.block_output(output)
            found = _between(stream, *(written[n] for n in ("input", "attention", "mlp")))
            if found is None:
                raise KnError(
                    f"layer {layer} doesn't just add what its attention and its MLP write to the "
                    "stream: between them there is nothing that the lens could read"
                )
            take(layer, found)

        return hook

    handles = []
    try:
        for layer, block in enumerate(parts.blocks):
            handles += [
                block.register_forward_pre_hook(enter, with_kwargs=True),
                parts.attentions[layer].register_forward_hook(keep("attention")),
                parts.mlp_outputs[layer].register_forward_hook(keep("mlp")),
                block.register_forward_hook(leave(layer)),
            ]
        yield
    finally:
        for handle in handles:
            handle.remove()


def _between(output: Tensor, entered: Tensor, attention: Tensor, mlp: Tensor) -> Tensor | None:
    """The stream to which adding what the MLP writes gives the block's output; BLOOM's attention
    gives it, others' what is added to what entered. None where it is neither.
    """
    mlp = mlp.reshape(output.shape)
    bound = _OFF[output.element_size()] * max(1.0, float(output.abs().max()))
    for stream in (entered + attention, attention):
        if float((stream + mlp - output).abs().max()) <= bound:
            return stream
    return None
