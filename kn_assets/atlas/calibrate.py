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

from kn_assets.atlas.batches import Batch, batches
from kn_assets.atlas.capture import capturing, forward
from kn_assets.atlas.sieve import Bounds
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
    kept = _subset(prompts, np.sort(rng.permutation(len(prompts))[:SAMPLE]))
    seen: list[list[Tensor]] = [[] for _ in range(parts.n_layers)]
    for batch in batches(kept):
        inner = torch.from_numpy(batch.index[:, 1:] >= 0)

        def take(layer: int, a: Tensor, batch: Batch = batch, inner: Tensor = inner) -> None:
            rows = a.reshape(*batch.index.shape, -1)[:, 1:]
            seen[layer].append(rows[inner.to(rows.device)].float())

        with torch.inference_mode(), capturing(parts, activations=take):
            forward(loaded, batch.ids)
    values = [torch.cat(s) for s in seen]
    if settings.threshold is not None:
        thresholds = np.full(parts.n_layers, settings.threshold, np.float32)
    else:
        thresholds = np.array([_threshold(v, settings.density) for v in values], np.float32)
    return Calibration(
        thresholds,
        [_bounds(v, settings.top_k) for v in values],
        settings.density if settings.threshold is None else None,
    )


def _bounds(values: Tensor, k: int) -> Bounds:
    """The k-th largest and k-th smallest of each neuron; none where there are fewer than k."""
    import torch

    if len(values) < k:
        return Bounds.none(values.shape[1])
    high = torch.topk(values, k, dim=0).values[-1]
    low = torch.topk(values, k, dim=0, largest=False).values[-1]
    return Bounds(high.cpu().numpy(), low.cpu().numpy())


def _threshold(values: Tensor, density: float) -> float:
    if not len(values):  # every prompt is a single token
        return _LEAST
    # "higher" gives a value that did occur, so that it is exact in the model's own dtype.
    sizes = values.abs().cpu().numpy().ravel()
    return max(_LEAST, float(np.quantile(sizes, 1 - density, method="higher")))


def _subset(prompts: TokenizedPrompts, chosen: np.ndarray) -> TokenizedPrompts:
    ids = [prompts.ids[prompts.starts[i] : prompts.starts[i + 1]] for i in chosen]
    return TokenizedPrompts(
        prompts.prompt_ids[chosen],
        prompts.lengths[chosen],
        np.concatenate([np.empty(0, np.int32), *ids]),
    )
