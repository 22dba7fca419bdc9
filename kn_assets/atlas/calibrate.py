"""What `fired` means: per layer, the value that a given share of |activations| reaches.

Activations grow with depth (the 99th percentile of the embedded model's |a| is 0.65 in its first
layer and 17 in its last), so one absolute threshold is no good default. Calibration runs the model
on a seeded sample of the atlas' own prompts; position 0, an attention sink, is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kn_assets.atlas.batches import batches
from kn_assets.atlas.capture import capturing, forward
from kn_assets.atlas.sieve import Bounds, Sieve
from kn_assets.atlas.tokens import TokenizedPrompts
from kn_assets.schema import TABLES

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.atlas.settings import AtlasSettings
    from kn_assets.models.load import LoadedModel

SAMPLE = 32  # prompts; about 900 tokens, 1.4 million values a layer of the embedded model
_LEAST = float(np.finfo(np.float32).tiny)  # a dead layer's zeros don't fire


@dataclass(frozen=True)
class Calibration:
    """thresholds: float32 [layers]; bounds: per layer, sound first bounds of every top k."""

    thresholds: np.ndarray
    bounds: list[Bounds]
    density: float | None

    def table(self) -> pa.Table:
        """The `thresholds` table."""
        n = len(self.thresholds)
        columns = [np.arange(n), self.thresholds, [self.density] * n]
        return pa.table(
            [
                pa.array(c, f.type)
                for c, f in zip(columns, TABLES["thresholds"].schema, strict=True)
            ],
            schema=TABLES["thresholds"].schema,
        )


def calibrate(
    loaded: LoadedModel, prompts: TokenizedPrompts, settings: AtlasSettings
) -> Calibration:
    """Thresholds for `settings.density` (or `settings.threshold` in every layer).

    The sample is part of the corpus, so the k-th strongest value of a neuron in it is a bound that
    the k-th strongest over the corpus can't be under: what is below never needs to be kept.
    """
    import torch

    parts = loaded.parts
    rng = np.random.default_rng(settings.seed)
    chosen = np.sort(rng.permutation(len(prompts))[:SAMPLE])
    kept = _subset(prompts, chosen)
    magnitudes: list[list[np.ndarray]] = [[] for _ in range(parts.n_layers)]
    sieves = [
        Sieve(parts.n_neurons, np.inf, settings.top_k, Bounds.none(parts.n_neurons))
        for _ in range(parts.n_layers)
    ]
    for batch in batches(kept):

        def take(layer: int, a: Tensor, index: np.ndarray = batch.index) -> None:
            sieves[layer].add(a, index)
            inner = index[:, 1:] >= 0
            rows = a.reshape(*index.shape, -1)[:, 1:].abs().float().cpu().numpy()[inner]
            magnitudes[layer].append(rows.ravel())

        with torch.inference_mode(), capturing(parts, activations=take):
            forward(loaded, batch.ids)
    if settings.threshold is not None:
        thresholds = np.full(parts.n_layers, settings.threshold, np.float32)
    else:
        thresholds = np.array([_threshold(m, settings.density) for m in magnitudes], np.float32)
    bounds = []
    for sieve in sieves:
        high, low = sieve.tops()
        bounds.append(Bounds(high.bound, -low.bound))
    return Calibration(thresholds, bounds, settings.density if settings.threshold is None else None)


def _threshold(magnitudes: list[np.ndarray], density: float) -> float:
    values = np.concatenate([np.empty(0, np.float32), *magnitudes])
    if not len(values):  # every prompt is a single token
        return _LEAST
    # "higher" gives a value that did occur, so that it is exact in the model's own dtype.
    return max(_LEAST, float(np.quantile(values, 1 - density, method="higher")))


def _subset(prompts: TokenizedPrompts, chosen: np.ndarray) -> TokenizedPrompts:
    ids = [prompts.ids[prompts.starts[i] : prompts.starts[i + 1]] for i in chosen]
    return TokenizedPrompts(
        prompts.prompt_ids[chosen],
        prompts.lengths[chosen],
        np.concatenate([np.empty(0, np.int32), *ids]),
    )
