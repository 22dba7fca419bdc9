"""Which later heads carry a neuron's output on toward a target.

A neuron adds its value vector, times its activation, to the stream of its own token. A later head
that attends there moves a part of it to another position, through its value and output matrices,
and so toward the logit there: with patterns and scales held this share is a number (the composition
of a neuron with a head's OV circuit; Elhage et al. 2021). Only the direct way to the head counts,
through no unit between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kn_assets.atlas.direct.contributions import directions
from kn_assets.atlas.direct.held_pass import HeldPass, checked
from kn_assets.atlas.direct.reads import refuse_unknown

if TYPE_CHECKING:
    from torch import Tensor

MOST = 12


@dataclass(frozen=True)
class Carried:
    """What a head carries of a neuron's output to the target's logit at `position`."""

    layer: int
    head: int
    position: int
    contribution: float


def later(
    found: HeldPass,
    layer: int,
    neuron: int,
    position: int,
    target: np.ndarray,
    against: np.ndarray | None = None,
    most: int = MOST,
) -> list[Carried]:
    """The heads of later layers that carry a neuron's output at a position furthest.

    target, against: as in `contributions`. At most `most`, by absolute contribution; none of 0.
    """
    carried = carried_by_head(found, layer, neuron, position, target, against)
    found_at = []
    for place in np.argsort(-np.abs(carried), axis=None, kind="stable")[:most].tolist():
        below, head, at = (int(i) for i in np.unravel_index(place, carried.shape))
        share = float(carried[below, head, at])
        if share:
            found_at.append(Carried(layer + 1 + below, head, at, share))
    return found_at


def carried_by_head(
    found: HeldPass,
    layer: int,
    neuron: int,
    position: int,
    target: np.ndarray,
    against: np.ndarray | None = None,
) -> np.ndarray:
    """Of all heads of layers layer + 1, ...: float32 [layers, H, T], by the position of the logit.

    Raises KnError where there is no such neuron or position, and where what these heads take in
    isn't the sum of what units, embedding and biases give to it.
    """
    import torch

    refuse_unknown(found, layer, neuron, position)
    n, mixed = len(found.ids), found.mixed[layer + 1 :]
    shape = (len(mixed), found.layout.n_heads, n)
    if not mixed:
        return np.zeros(shape, np.float32)
    vectors, _ = directions(found, target, against)
    toward = torch.autograd.grad(
        (found.last * vectors).sum(), found.heads[layer + 1 :], retain_graph=True, allow_unused=True
    )
    _refuse_more(found, mixed, toward)
    # The neuron's way to each head's mix is linear: two passes backward give what arrives there.
    along = [torch.zeros_like(m).requires_grad_() for m in mixed]
    neurons = found.neurons[layer]
    with torch.enable_grad():
        (back,) = torch.autograd.grad(
            mixed, neurons, along, create_graph=True, retain_graph=True, allow_unused=True
        )
        if back is None:
            return np.zeros(shape, np.float32)
        share = (back * neurons.detach()).reshape(n, -1)[position, neuron]
    arrived = torch.autograd.grad(share, along, allow_unused=True)
    carried = np.zeros(shape, np.float32)
    for below, (wanted, came) in enumerate(zip(toward, arrived, strict=True)):
        if wanted is not None and came is not None:
            by_head = found.by_head((wanted * came).reshape(n, -1)).sum(-1)
            carried[below] = by_head.detach().cpu().numpy().T
    return carried


def _refuse_more(found: HeldPass, mixed: list[Tensor], toward: tuple[Tensor | None, ...]) -> None:
    """Raise KnError where the way to these heads, weighed by their way on, is no affine map."""
    import torch

    reached = [(m, t) for m, t in zip(mixed, toward, strict=True) if t is not None]
    units = [found.inputs[0], *found.heads, *found.neurons]
    values = [*(u.detach() for u in units), *(b.bias for b in found.biases)]
    gradients = torch.autograd.grad(
        [m for m, _ in reached],
        [*units, *(b.output for b in found.biases)],
        [t for _, t in reached],
        retain_graph=True,
        allow_unused=True,
    )
    parts = [
        float((g * v).double().sum())
        for g, v in zip(gradients, values, strict=True)
        if g is not None
    ]
    whole = math.fsum(float((m.detach() * t).double().sum()) for m, t in reached)
    checked("What later heads carry", np.array([parts]), np.array([whole]))
