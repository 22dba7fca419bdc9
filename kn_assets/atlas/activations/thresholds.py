"""What `fired` means: per layer, the value that a given share of |activations| reaches.

Activations grow with depth (the 99th percentile of the embedded model's |a| is 0.65 in its first
layer and 17 in its last), so one absolute threshold is no good default. Calibration runs the model
on a seeded sample of the atlas' own prompts. Attention sinks are left out, which takes what an
ordinary norm is: that is measured before, see `kn_assets.atlas.activations.ordinary`.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kn_assets.atlas.activations.bits import codes, numbers
from kn_assets.atlas.activations.numbers import refuse_norms
from kn_assets.atlas.activations.ordinary import ordinary_norms
from kn_assets.atlas.activations.sieve import Bounds, plain
from kn_assets.atlas.activations.sinks import FACTOR, Norms, are_sinks, sink_norms
from kn_assets.atlas.forward.batches import batches
from kn_assets.atlas.forward.capture import capturing, forward
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
    """thresholds: float32 [layers]; norms: float32 [layers], of ordinary tokens; bounds: per layer,
    sound first bounds of every top k.
    """

    thresholds: np.ndarray
    norms: np.ndarray
    bounds: list[Bounds]
    density: float | None

    def save(self, path: Path) -> None:
        """Keep it for who goes on with the run later."""
        temporary = path.with_suffix(".new.npz")
        bounds = np.stack([[b.high, b.low] for b in self.bounds])
        np.savez(temporary, thresholds=self.thresholds, norms=self.norms, bounds=bounds)
        temporary.rename(path)

    @classmethod
    def read(cls, path: Path, settings: AtlasSettings) -> Calibration:
        """What `save` kept, for the same settings."""
        with np.load(path) as found:
            bounds = [Bounds(high, low) for high, low in found["bounds"]]
            return cls(found["thresholds"], found["norms"], bounds, _density(settings))

    def table(self) -> pa.Table:
        """The `thresholds` table."""
        n = len(self.thresholds)
        bars = sink_norms(self.norms)
        columns = [np.arange(n), self.thresholds, [self.density] * n, self.norms, bars]
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
    one batch. Raises KnError where the model gives what is no number.
    """
    import torch

    sample = _sample(prompts, settings.seed)
    norms = ordinary_norms(loaded, sample, settings.tokens)
    (batch,) = batches(sample, _MOST_TOKENS)
    real = batch.index.reshape(-1) >= 0
    seen = Norms()
    activations: list[Tensor] = []
    with (
        torch.inference_mode(),
        capturing(loaded.parts, lambda _, a: activations.append(a), lambda _, r: seen.take(r)),
    ):
        forward(loaded, batch.ids)
    found = seen.found()
    refuse_norms(found, real, activations)
    counted = real & ~are_sinks(found, sink_norms(norms))
    # Who is a sink by a hair here may not be one in another batch, so is no bound of anything.
    bounding = real & ~are_sinks(found, sink_norms(norms, FACTOR / 2))
    activations.reverse()
    layers = []
    for _ in range(loaded.parts.n_layers):
        rows = plain(activations.pop().reshape(len(real), -1).cpu())
        layers.append(pool.submit(_measured, rows, counted, bounding, settings))
    return Calibration(
        np.array([f.result()[0] for f in layers], np.float32),
        norms,
        [f.result()[1] for f in layers],
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


def _measured(
    rows: np.ndarray, counted: np.ndarray, bounding: np.ndarray, settings: AtlasSettings
) -> tuple[float, Bounds]:
    """Threshold and bounds of one layer, out of `plain` rows; counted, bounding: bool [rows], which
    of them the threshold and the bounds are made of.
    """
    of_counted = rows[counted]
    same = bool((counted == bounding).all())
    bounds = _bounds(of_counted if same else rows[bounding], settings.top_k)
    if settings.threshold is not None:
        return settings.threshold, bounds
    return _threshold(of_counted, settings.density), bounds


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
    if not len(rows):  # every token is a sink
        return _LEAST
    # The next higher value that did occur, so that it is exact in the model's own dtype.
    sizes = (rows & np.int16(0x7FFF) if rows.dtype == np.int16 else np.abs(rows)).reshape(-1)
    place = int(np.ceil((1 - density) * (len(sizes) - 1)))
    sizes.partition(place)
    size = sizes[place : place + 1]
    return max(_LEAST, float(numbers(size)[0] if size.dtype == np.int16 else size[0]))
