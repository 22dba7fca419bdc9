"""Which outputs of a block's linear maps are a neuron's pre-activations, told by trial.

A plain MLP's neuron has one pre-activation, a gated one's two: what the nonlinearity takes (gate)
and what its result is multiplied by (up). They may be two linear maps or two parts of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kn_assets.atlas.direct.held import Held
from kn_assets.errors import KnError

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.atlas.direct.held_pass import HeldPass

Place = tuple[int, int]
"""Which of a layer's linear maps, and which of its outputs."""
_LINEAR = 1e-3
_TRIED = 16  # made-up values of either sign


@dataclass(frozen=True)
class PreActivation:
    """One number that a neuron's activation is made of.

    `name`: input, gate or up; `map`: which of the layout's `mlp_inputs` of the layer; `place`: of
    its outputs.
    """

    name: str
    map: int
    place: int


def pre_activations(found: HeldPass, layer: int, neuron: int) -> list[PreActivation]:
    """A neuron's pre-activations: input, or gate and up.

    The block is run with made-up outputs of its linear maps. Those that the activation hangs on are
    the pre-activations; up is the one in which it is linear, whatever its sign. Raises KnError
    where they are neither one nor two.
    """
    trials = [_trial(found, layer, neuron, seed) for seed in range(-(-_TRIED // len(found.ids)))]
    seen = sorted({place for trial in trials for place in trial.places})
    if len(seen) == 1:
        return [PreActivation("input", *seen[0])]
    ups = [place for place in seen if all(t.is_linear(place) for t in trials)]
    ups = [place for place in ups if any(t.counts_below_zero(place) for t in trials)]
    if len(seen) != 2 or not ups:
        raise KnError(
            f"neuron ({layer}, {neuron}) is made of {len(seen)} numbers in a way that isn't "
            "understood: what it reads can't be told"
        )
    up = ups[-1]
    gate = next(place for place in seen if place != up)
    return [PreActivation("gate", *gate), PreActivation("up", *up)]


@dataclass(frozen=True)
class _Trial:
    """activations: [T]; of each linear map its made-up outputs and the activation's gradients,
    [T, width].
    """

    activations: Tensor
    maps: list[tuple[Tensor, Tensor]]

    @property
    def places(self) -> list[Place]:
        """The outputs on which the activation hangs."""
        return [
            (at, place)
            for at, (_, gradient) in enumerate(self.maps)
            for place in gradient.abs().amax(0).nonzero()[:, 0].tolist()
        ]

    def is_linear(self, place: Place) -> bool:
        values, gradient = self._at(place)
        apart = (values * gradient - self.activations).abs()
        return bool((apart <= _LINEAR * self.activations.abs()).all())

    def counts_below_zero(self, place: Place) -> bool:
        """Whether it counts where it is negative: what a ReLU takes doesn't."""
        values, gradient = self._at(place)
        return bool((gradient[values < 0] != 0).any())

    def _at(self, place: Place) -> tuple[Tensor, Tensor]:
        values, gradient = self.maps[place[0]]
        return values[:, place[1]], gradient[:, place[1]]


def _trial(found: HeldPass, layer: int, neuron: int, seed: int) -> _Trial:
    import torch

    (args, named), n = found.calls[layer], len(found.ids)
    with torch.enable_grad(), _made_up(found, layer, seed) as (made, taken), Held():
        found.parts.blocks[layer](*args, **named)
    activations = taken[0].reshape(n, -1)[:, neuron]
    gradients = torch.autograd.grad(activations.sum(), made, allow_unused=True)
    return _Trial(
        activations.detach(),
        [
            (m.detach().reshape(n, -1), (torch.zeros_like(m) if g is None else g).reshape(n, -1))
            for m, g in zip(made, gradients, strict=True)
        ],
    )


@contextmanager
def _made_up(found: HeldPass, layer: int, seed: int) -> Iterator[tuple[list[Tensor], list[Tensor]]]:
    import torch

    made: list[Tensor] = []
    taken: list[Tensor] = []
    generator = torch.Generator().manual_seed(seed)

    def instead(_module: Any, _args: Any, output: Tensor) -> Tensor:
        values = torch.rand(output.shape, generator=generator) - 0.5
        made.append((2 * values + values.sign()).to(output).requires_grad_())
        return made[-1].clone()

    def take(_module: Any, args: tuple[Tensor, ...]) -> None:
        taken.append(args[0])

    handles = [found.parts.mlp_outputs[layer].register_forward_pre_hook(take)]
    handles += [m.register_forward_hook(instead) for m in found.layout.mlp_inputs[layer]]
    try:
        yield made, taken
    finally:
        for handle in handles:
            handle.remove()
