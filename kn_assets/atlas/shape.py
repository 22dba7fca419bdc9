"""What of a model, and of where it runs, the size of its atlas hangs on, without loading it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kn_assets.atlas.forward.streams import MOST
from kn_assets.models.config import config_of, folder_of, number

if TYPE_CHECKING:
    from kn_assets.atlas.plan import AtlasPlan


@dataclass(frozen=True)
class Shape:
    """What of a model, and of where it runs, an atlas' size hangs on.

    weights: bytes, in the atlas' dtype; width: dimensions of the residual stream, 0 where unknown;
    a_number: bytes of an activation, 0 where a device of its own holds them; streams: batches that
    run at once.
    """

    n_layers: int
    n_neurons: int
    weights: int
    width: int = 0
    a_number: int = 0
    streams: int = 1

    @property
    def a_token(self) -> int:
        """Bytes of a token's activations in all layers."""
        return self.n_layers * self.n_neurons * self.a_number


def shape_of(plan: AtlasPlan) -> Shape | None:
    """The model's shape by its configuration; None where that doesn't tell."""
    config = config_of(plan.source, plan.lake)
    if config is None:
        return None
    n_layers = number(config, "num_hidden_layers", "n_layer", "num_layers")
    width = number(config, "hidden_size", "n_embd", "d_model")
    n_neurons = number(config, "intermediate_size", "n_inner", "ffn_dim")
    n_neurons = n_neurons or (4 * width if width else None)
    if n_layers is None or n_neurons is None:
        return None
    files = [
        f.stat().st_size
        for pattern in ("*.safetensors", "*.bin")
        for f in folder_of(plan.source, plan.lake).glob(pattern)
    ]
    stored = 2 if str(config.get("dtype") or config.get("torch_dtype")).endswith("16") else 4
    wanted = 2 if plan.dtype == "bfloat16" else 4
    weights = sum(files) * wanted // stored
    return Shape(n_layers, n_neurons, weights, width or 0, **running_on(plan))


def running_on(plan: AtlasPlan) -> dict[str, int]:
    """`a_number` and `streams` of `Shape` where a plan's pass runs. Doesn't import torch."""
    if plan.device != "cpu":
        return {}
    threads = os.environ.get("OMP_NUM_THREADS", "")
    n = int(threads) if threads.isdecimal() else os.cpu_count() or 1
    return {"a_number": 2 if plan.dtype == "bfloat16" else 4, "streams": max(1, min(n, MOST))}
