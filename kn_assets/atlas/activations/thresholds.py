"""What `fired` means: per layer, the value that a given share of |activations| reaches.

Activations grow with depth (the 99th percentile of the embedded model's |a| is 0.65 in its first
layer and 17 in its last), so one absolute threshold is no good default. Calibration runs the model
on a seeded sample of the atlas' own prompts; position 0, an attention sink, is left out.
"""

from __future__ import annotations

from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kn_assets.atlas.activations.bits import codes, numbers
from kn_assets.atlas.activations.sieve import Bounds, plain
from kn_assets.atlas.forward.batches import batches
from kn_assets.atlas.forward.capture import capturing, device_of, forward
from kn_assets.atlas.forward.tokens import TokenizedPrompts
from kn_assets.lake.schema import TABLES

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.atlas.settings import AtlasSettings
    from kn_assets.models.load import LoadedModel

SAMPLE = 32  # prompts; about 900 tokens, 1.4 million values a layer of the embedded model
_MOST_TOKENS = 4096
_LEAST = float(np.finfo(np.float32).tiny)  # a dead layer's zeros don't fire


@dataclass(frozen=True)
class Calibration:
    """thresholds: float32 [layers]; bounds: per layer, sound first bounds of every top k."""

    thresholds: np.ndarray
    bounds: list[Bounds]
    density: float | None

    def save(self, path: Path) -> None:
        """Keep it for who goes on with the run later."""
        temporary = path.with_suffix(".new.npz")
        bounds = np.stack([[b.high, b.low] for b in self.bounds])
        np.savez(temporary, thresholds=self.thresholds, bounds=bounds)
        temporary.rename(path)

    @classmethod
    def read(cls, path: Path, settings: AtlasSettings) -> Calibration:
        """What `save` kept, for the same settings."""
        with np.load(path) as found:
            bounds = [Bounds(high, low) for high, low in found["bounds"]]
            return cls(found["thresholds"], bounds, _density(settings))

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
    loaded: LoadedModel, prompts: TokenizedPrompts, settings: AtlasSettings, pool: Executor
) -> Calibration:
    """Thresholds for `settings.density` (or `settings.threshold` in every layer).

    The sample is part of the corpus, so the k-th strongest value of a neuron in it is a bound that
    the k-th strongest over the corpus can't be under: what is below never needs to be kept. It is
    one batch, of which each layer is looked at while the model runs the next.
    """
    import torch

    (batch,) = batches(_sample(prompts, settings.seed), _MOST_TOKENS)
    inner = torch.from_numpy(np.flatnonzero(batch.index[:, 1:] >= 0)).to(device_of(loaded))
    found: list[Future[tuple[float, Bounds]]] = []

    def take(_layer: int, a: Tensor) -> None:
        rows = a.reshape(*batch.index.shape, -1)[:, 1:].reshape(-1, loaded.parts.n_neurons)
        rows = rows if len(rows) == len(inner) else rows[inner]
        found.append(pool.submit(_measured, plain(rows.cpu()), settings))

    with torch.inference_mode(), capturing(loaded.parts, activations=take):
        forward(loaded, batch.ids)
    layers = [f.result() for f in found]
    return Calibration(
        np.array([threshold for threshold, _ in layers], np.float32),
        [bounds for _, bounds in layers],
        _density(settings),
    )


def _density(settings: AtlasSettings) -> float | None:
    return settings.density if settings.threshold is None else None


def _sample(prompts: TokenizedPrompts, seed: int) -> TokenizedPrompts:
    """Some prompts, fewer if they are long."""
    chosen = np.random.default_rng(seed).permutation(len(prompts))[:SAMPLE]
    longest = np.maximum.accumulate(prompts.lengths[chosen])
    fits = longest * np.arange(1, len(chosen) + 1) <= _MOST_TOKENS
    chosen = np.sort(chosen[: max(1, int(fits.sum()))])
    ids = [prompts.ids[prompts.starts[i] : prompts.starts[i + 1]] for i in chosen]
    return TokenizedPrompts(
        prompts.prompt_ids[chosen], prompts.lengths[chosen], np.concatenate(ids)
    )


def _measured(rows: np.ndarray, settings: AtlasSettings) -> tuple[float, Bounds]:
    """Threshold and bounds of one layer, out of `plain` rows."""
    if settings.threshold is not None:
        return settings.threshold, _bounds(rows, settings.top_k)
    return _threshold(rows, settings.density), _bounds(rows, settings.top_k)


def _bounds(rows: np.ndarray, k: int) -> Bounds:
    """What k values of each neuron reach at least, upwards and downwards; none of fewer than k.

    That is the k-th strongest of the strongest in each few rows: nearly the k-th strongest of all,
    and found in a fraction of the time.
    """
    n = len(rows)
    if n < k:
        return Bounds.none(rows.shape[1])
    few = max(1, n // (8 * k))
    sortable = codes(rows) if rows.dtype == np.int16 else rows
    groups = sortable[: n - n % few].reshape(-1, few, rows.shape[1])
    most, least = groups.max(1).T, groups.min(1).T
    high = np.partition(most, most.shape[1] - k)[:, -k]
    low = np.partition(least, k - 1)[:, k - 1]
    if rows.dtype == np.int16:
        high, low = numbers(codes(high)), numbers(codes(low))
    return Bounds(high, low)


def _threshold(rows: np.ndarray, density: float) -> float:
    if not len(rows):  # every prompt is a single token
        return _LEAST
    # The next higher value that did occur, so that it is exact in the model's own dtype.
    sizes = (rows & np.int16(0x7FFF) if rows.dtype == np.int16 else np.abs(rows)).reshape(-1)
    place = int(np.ceil((1 - density) * (len(sizes) - 1)))
    sizes.partition(place)
    size = sizes[place : place + 1]
    return max(_LEAST, float(numbers(size)[0] if size.dtype == np.int16 else size[0]))
