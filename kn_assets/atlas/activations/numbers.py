"""What is no number is refused, by layer and neuron, before any table is made of it.

A NaN is no more than any threshold and so would be left out without a word: of what fired, of the
tops, of the maps. Norms and sums, which are computed anyway, tell of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import numpy as np

from kn_assets.errors import KnError
from kn_assets.models.finite import MOST

if TYPE_CHECKING:
    from torch import Tensor


def refuse_norms(norms: np.ndarray, real: np.ndarray, activations: list[Tensor]) -> None:
    """Raise KnError where a norm is no finite number.

    norms: float32 [rows, layers], of block outputs; real: bool [rows], which are tokens, not
    padding; activations: [..., neurons] of each layer with as many rows, where they are captured.
    """
    wrong = ~np.isfinite(norms) & real[:, None]
    if not wrong.any():
        return
    layer = int(wrong.any(0).argmax())
    if activations:
        of_layer = activations[layer].flatten(0, -2)[np.flatnonzero(real)]
        neurons = (~(of_layer.abs() < MOST)).any(0).cpu().numpy()
        if neurons.any():
            _refuse(f"neuron {int(neurons.argmax())} of layer {layer}")
    _refuse(f"the residual stream after layer {layer}")


def refuse_sums(layer: int, totals: np.ndarray) -> None:
    """Raise KnError where a sum is no finite number: float64 [2, neurons], values and squares."""
    wrong = ~np.isfinite(totals).all(0)
    if wrong.any():
        _refuse(f"neuron {int(wrong.argmax())} of layer {layer}")


def _refuse(where: str) -> NoReturn:
    raise KnError(
        f"{where} gives values that are NaN, infinite or over 1e19, of which nothing can be made: "
        "check the model's weights"
    )
