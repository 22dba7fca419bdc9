"""No NaN and no infinity: neither in a model's weights nor in what it computes of them.

One such number spreads to all that is computed after it, and comparisons with NaN are silently
false. So weights are looked through once at load, and each pass' last hidden states when it ends:
whatever overflows before them makes them NaN or infinite too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kn_assets.errors import KnError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from kn_assets.models.parts import Parts


MOST = 1e19
"""Whose square a float32 just holds: norms and sums of squares of larger values are infinite."""


def is_finite(values: Tensor) -> bool:
    """Whether no element is NaN or infinite, mostly in one pass over them."""
    import torch

    # A finite sum has finite summands; one that isn't may have overflowed on its way.
    return bool(torch.isfinite(values.sum())) or bool(torch.isfinite(values).all())


def refuse_weights(what: object, model: nn.Module) -> None:
    """Raise KnError that names the first parameter or buffer which holds NaN or an infinity."""
    import torch

    wrong = [name for name, tensor in _named(model) if not is_finite(tensor)]
    if not wrong:
        return
    tensor = dict(_named(model))[wrong[0]]
    n = int((~torch.isfinite(tensor)).sum())
    others = f" and {len(wrong) - 1} others" if wrong[1:] else ""
    raise KnError(
        f"the weights of {what} aren't numbers: {wrong[0]}{others} (NaN or infinite in {n} of its "
        f"{tensor.numel()} places): the training diverged, or the file is damaged"
    )


def _named(model: nn.Module) -> list[tuple[str, Tensor]]:
    """Parameters, and buffers that are saved with them (masks hold infinities by right)."""
    kept = set(model.state_dict())
    buffers = [(n, b) for n, b in model.named_buffers() if n in kept and b.is_floating_point()]
    return [*((n, p.detach()) for n, p in model.named_parameters()), *buffers]


def refuse_stream(layer: int, hidden: Tensor) -> None:
    """Raise KnError where a block's output holds what is no number, or what a norm makes nothing
    of. For blocks that are run by themselves, of which `watch` sees nothing.
    """
    if not bool((hidden.detach().abs() < MOST).all()):
        raise KnError(
            f"the stream behind layer {layer} holds values that are NaN, infinite or over 1e19, of "
            "which nothing can be told: neurons were changed too much, or weights are damaged"
        )


def watch(what: object, parts: Parts) -> None:
    """Let each pass of `parts.body` end with a look at its last hidden states.

    From then on a pass raises KnError, which names the layer and the neuron, where they aren't
    finite: the weights are, but their products overflow the dtype.
    """

    def hook(body: Any, args: Any, named: dict[str, Any], output: Any) -> None:
        if not is_finite(output.last_hidden_state):
            raise KnError(
                f"{what} computes numbers that aren't finite ({_where(parts, body, args, named)}): "
                "they overflow its dtype, or its weights are damaged"
            )

    parts.body.register_forward_hook(hook, with_kwargs=True)


def _where(parts: Parts, body: Any, args: Any, named: dict[str, Any]) -> str:
    """Where a pass first leaves the finite numbers: by running it again."""

    if named.get("past_key_values") is not None:  # which the pass has changed
        return "at a prompt's last token"
    found: list[str] = []

    def activations(layer: int, values: Tensor) -> None:
        rows = ~(values.abs() < MOST).reshape(-1, values.shape[-1])
        if not found and rows.any():
            row = rows[rows.any(1)][0]
            which = "all neurons" if row.all() else f"neuron {int(row.nonzero()[0, 0])}"
            found.append(f"layer {layer}, {which}")

    def stream(layer: int, values: Tensor) -> None:
        if not found and not (values.abs() < MOST).all():
            found.append(f"the stream behind layer {layer}")

    handles = []
    for i, (block, mlp) in enumerate(zip(parts.blocks, parts.mlp_outputs, strict=True)):
        handles += [
            mlp.register_forward_pre_hook(lambda _, given, i=i: activations(i, given[0])),
            block.register_forward_hook(
                lambda _, _given, output, i=i: stream(i, parts.block_output(output))
            ),
        ]
    try:
        body.forward(*args, **named)  # without the hook that asks
    finally:
        for handle in handles:
            handle.remove()
    return found[0] if found else "behind the last layer"
