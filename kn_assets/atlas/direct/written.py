"""Contributions of heads and of fired neurons, for one target of a prompt after the other.

What a unit writes at its own position hangs on the prompt alone: its value vector times its
activation, a head's part of the attention's output. Kept once for a prompt, it leaves little for
each target: the gradient of the logit through what lies on the way to it, which no projection does,
and one product of that with the vectors. The numbers are those of `contributions`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, cast

import numpy as np

from kn_assets.atlas.direct.contributions import contributions, directions, of_bias, toward
from kn_assets.atlas.direct.held_pass import TOLERANCE, HeldPass, checked
from kn_assets.errors import KnError
from kn_assets.models.structure import input_major

if TYPE_CHECKING:
    from torch import Tensor, nn

MOST_BYTES = 1 << 28
"""What is kept of a prompt: where its units would take more, each target takes the long way."""


@dataclass(frozen=True, eq=False)
class ToldUnits:
    """As `Contributions`, but for `neurons`: fired: float32 [n], of the fired neurons alone."""

    logit: np.ndarray
    embedding: np.ndarray
    biases: np.ndarray
    heads: np.ndarray
    attention: np.ndarray
    mlp: np.ndarray
    fired: np.ndarray


class Written:
    """What the heads and the fired neurons of a pass write, each at its own position.

    place: int64 [n], position * layers + layer of each fired neuron; neuron: int64 [n]. Raises
    KnError where an output projection isn't the linear map that its weight says.
    """

    def __init__(self, found: HeldPass, place: np.ndarray, neuron: np.ndarray) -> None:
        self._found, self._place, self._neuron = found, place, neuron
        self._heads: list[np.ndarray] = []
        self._fired: list[_Fired] = []
        n, layers = len(found.ids), found.parts.n_layers
        units = n * layers * found.layout.n_heads + len(place)
        if 4 * found.parts.d_model * units > MOST_BYTES:
            return
        position, of = np.divmod(place, layers)
        for layer in range(layers):
            attention, mlp = found.layout.attention_outputs[layer], found.parts.mlp_outputs[layer]
            _check_linear(found.heads[layer], attention, found.attention_written[layer], layer)
            _check_linear(found.neurons[layer], mlp, found.mlp_written[layer], layer)
            values = found.by_head(found.heads[layer].detach().reshape(n, -1))
            self._heads.append(_by_head(values, input_major(attention)))
            rows = np.flatnonzero(of == layer)
            rows = rows[np.argsort(position[rows], kind="stable")]
            activations = found.neurons[layer].detach().reshape(n, -1)
            at = rows, position[rows], neuron[rows]
            self._fired.append(_Fired.of(activations, input_major(mlp), *at))

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return sum(v.nbytes for v in [*self._heads, *(f.vectors for f in self._fired)])

    def is_of(self, place: np.ndarray, neuron: np.ndarray) -> bool:
        """Whether these are its fired neurons."""
        return np.array_equal(place, self._place) and np.array_equal(neuron, self._neuron)

    def contributions(self, target: np.ndarray, against: np.ndarray | None = None) -> ToldUnits:
        """To a target at every position, as `contributions`. Raises KnError as that."""
        if not self._heads:
            return self._the_long_way(target, against)
        found = self._found
        n, layers = len(found.ids), found.parts.n_layers
        vectors, constant = directions(found, target, against)
        logit = (found.last.detach().double() * vectors.double()).sum(1) + constant.double()
        written = [*found.attention_written, *found.mlp_written]
        inputs = [found.inputs[0], *written, *(b.output for b in found.biases)]
        first, *gradients = toward((found.last * vectors).sum(), inputs)
        biases = constant.double()
        for bias, gradient in zip(found.biases, gradients[2 * layers :], strict=True):
            biases = biases + of_bias(bias, gradient, n)
        told = ToldUnits(
            logit=logit.cpu().numpy().astype(np.float32),
            embedding=_dots(first, found.inputs[0], None, n),
            biases=biases.cpu().numpy().astype(np.float32),
            heads=np.zeros((n, layers, found.layout.n_heads), np.float32),
            attention=np.zeros((n, layers), np.float32),
            mlp=np.zeros((n, layers), np.float32),
            fired=np.zeros(len(self._place), np.float32),
        )
        for layer, (attention, mlp) in enumerate(
            zip(gradients[:layers], gradients[layers : 2 * layers], strict=True)
        ):
            modules = found.layout.attention_outputs[layer], found.parts.mlp_outputs[layer]
            biases_of = [_bias(module) for module in modules]
            told.attention[:, layer] = _dots(
                attention, found.attention_written[layer], biases_of[0], n
            )
            told.mlp[:, layer] = _dots(mlp, found.mlp_written[layer], biases_of[1], n)
            if attention is not None:
                at_each = attention.reshape(n, -1, 1).cpu().numpy()
                told.heads[:, layer] = np.matmul(self._heads[layer], at_each)[..., 0]
            if mlp is not None:
                fired = self._fired[layer]
                told.fired[fired.rows] = fired.toward(mlp.reshape(n, -1).cpu().numpy())
        parts = [told.embedding[:, None], told.attention, told.mlp, told.biases[:, None]]
        checked("Contributions", np.concatenate(parts, 1, dtype=np.float64), logit.cpu().numpy())
        return told

    def _the_long_way(self, target: np.ndarray, against: np.ndarray | None) -> ToldUnits:
        told = contributions(self._found, target, against)
        neurons = told.neurons.reshape(-1, told.neurons.shape[2])
        shared = {f.name: getattr(told, f.name) for f in fields(ToldUnits) if f.name != "fired"}
        return ToldUnits(**shared, fired=neurons[self._place, self._neuron])


@dataclass(frozen=True, eq=False)
class _Fired:
    """A layer's fired neurons by position: their rows among all, int64 [n]; what each writes, its
    value vector times its activation, float32 [n, d_model]; and of each position that has some its
    number, and where its neurons begin and end.
    """

    rows: np.ndarray
    vectors: np.ndarray
    places: list[tuple[int, int, int]]

    @classmethod
    def of(
        cls,
        activations: Tensor,
        weight: Tensor,
        rows: np.ndarray,
        position: np.ndarray,
        neuron: np.ndarray,
    ) -> _Fired:
        """activations: [T, neurons]; weight: [neurons, d_model]; position: [n], in order."""
        import torch

        at, which = (torch.from_numpy(i).to(weight.device) for i in (position, neuron))
        kinds, back = which.unique(return_inverse=True)  # a neuron fires at several tokens
        vectors = weight[kinds].contiguous()[back].mul_(activations[at, which][:, None])
        here, begins = np.unique(position, return_index=True)
        ends = np.append(begins, len(position))[1:]
        places = list(zip(here.tolist(), begins.tolist(), ends.tolist(), strict=True))
        return cls(rows, vectors.cpu().numpy(), places)

    def toward(self, gradient: np.ndarray) -> np.ndarray:
        """Their contributions, float32 [n], by the gradient, [T, d_model], of what the layer's MLP
        writes.
        """
        told = np.empty(len(self.rows), np.float32)
        for position, begin, end in self.places:
            np.dot(self.vectors[begin:end], gradient[position], out=told[begin:end])
        return told


def _by_head(values: Tensor, weight: Tensor) -> np.ndarray:
    """What each head writes, [T, H, d_model], of values [T, H, width]."""
    heads = weight.reshape(values.shape[1], values.shape[2], -1)
    return (values.transpose(0, 1) @ heads).transpose(0, 1).contiguous().cpu().numpy()


def _dots(gradient: Tensor | None, written: Tensor, bias: Tensor | None, n: int) -> np.ndarray:
    """The gradient times what was written, without the bias: float32 [T]."""
    if gradient is None:
        return np.zeros(n, np.float32)
    units = written.detach().reshape(n, -1)
    if bias is not None:
        units = units - bias
    found: np.ndarray = (gradient.reshape(n, -1) * units).sum(1).cpu().numpy()
    return found


def _bias(projection: nn.Module) -> Tensor | None:
    bias = cast("Tensor | None", projection.bias)
    return None if bias is None else bias.detach()


def _check_linear(taken: Tensor, projection: nn.Module, written: Tensor, layer: int) -> None:
    """Raise KnError where, at the last position, it doesn't write what its weight says."""
    values = taken.detach().reshape(-1, taken.shape[-1])[-1:]
    told = values @ input_major(projection)
    if (bias := _bias(projection)) is not None:
        told = told + bias
    apart = (told - written.detach().reshape(-1, written.shape[-1])[-1:]).abs().max()
    if not apart <= TOLERANCE * max(1.0, float(written.detach().abs().max())):
        raise KnError(
            f"what layer {layer} writes isn't its output projection's weight times its units: "
            "contributions can't be told for this model"
        )
