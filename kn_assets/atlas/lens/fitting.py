"""The linear lens of a model over some prompts: two runs, one to fit it and one to judge it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kn_assets.atlas.forward.batches import batches, tokens_per_batch
from kn_assets.atlas.forward.capture import capturing, device_of, forward
from kn_assets.atlas.forward.tokens import TokenizedPrompts
from kn_assets.atlas.lens.distances import Distances
from kn_assets.atlas.lens.moments import Moments
from kn_assets.atlas.lens.shares import FEWEST, MEASURED, MOST_TOKENS, Shares, places, some
from kn_assets.atlas.lens.translators import Translators
from kn_assets.lake.schema import TABLES
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.load import LoadedModel

LENSES = ("linear", "logit")
MOST_BYTES = 1 << 30
"""What the moments of layers may take that are fitted in one run."""
_MATRICES = 4  # d_model x d_model each, of a layer: two of the fit and two of the validation


@dataclass(frozen=True)
class LinearLens:
    """translators: the lens; quality: the table `lens_quality`, over held-out prompts."""

    translators: Translators
    quality: pa.Table


def linear_lens(
    loaded: LoadedModel,
    prompts: TokenizedPrompts,
    sinks: np.ndarray,
    seed: int,
    progress: Progress,
) -> LinearLens | None:
    """Fit the lens on seven tenths of the prompts and judge it on two, see `Shares`.

    sinks: bool [tokens], attention sinks, which are left out of all of it. None where there are
    too few prompts, or no tokens but sinks in one of the shares, or but one layer.
    """
    import torch

    if len(prompts) < FEWEST or loaded.parts.n_layers < 2:
        return None
    shares = Shares.of(len(prompts), seed)
    fit, validation, judges = (
        some(prompts, numbers, tokens)
        for numbers, tokens in (
            (shares.fit, MOST_TOKENS),
            (shares.validation, MOST_TOKENS),
            (shares.held_out, MEASURED),
        )
    )
    last = loaded.parts.n_layers - 1
    groups = _groups(last, loaded.parts.d_model)
    n = len(groups) * (len(fit) + len(validation)) + len(judges)
    with torch.inference_mode(), progress.bar("linear lens", n, "prompts") as bar:

        def streams(part: TokenizedPrompts, layers: Collection[int]) -> Iterator[list[Tensor]]:
            of_part = sinks[places(prompts, part)]
            return _streams(loaded, part, of_part, {*layers, last}, bar.advance)

        fitted: list[Translators] = []
        for layers in groups:
            moments = _moments(streams(fit, layers))
            validated = moments and _moments(streams(validation, layers), moments.shift)
            if moments is None or validated is None:
                return None
            fitted.append(Translators.fitted(moments, validated))
        translators = Translators.joined(fitted)
        found = Distances(loaded.parts, translators)
        for taken in streams(judges, range(last)):
            found.take(taken)
    return LinearLens(translators, _quality(found, translators, len(judges)))


def _groups(n: int, d_model: int) -> list[range]:
    """Layers 0 to n - 1 in groups whose moments fit into `MOST_BYTES`: each runs the model anew."""
    size = max(1, MOST_BYTES // (_MATRICES * 4 * d_model**2))
    return [range(first, min(first + size, n)) for first in range(0, n, size)]


def _moments(streams: Iterator[list[Tensor]], shift: Tensor | None = None) -> Moments | None:
    """The moments of all tokens; None where there is none. shift: of moments to be added to."""
    import torch

    found = None if shift is None else Moments(shift)
    for taken in streams:
        if not len(taken[-1]):
            continue
        if found is None:
            found = Moments(torch.stack([stream.float().mean(0) for stream in taken]))
        found.take(taken)
    return found if found and found.tokens else None


def _streams(
    loaded: LoadedModel,
    prompts: TokenizedPrompts,
    sinks: np.ndarray,
    layers: Collection[int],
    advance: Callable[[int], None],
) -> Iterator[list[Tensor]]:
    """The streams after some layers, [tokens, d_model] each, of the tokens of a batch that are no
    attention sinks; batch by batch.
    """
    import torch

    device, parts = device_of(loaded), loaded.parts
    bytes_of_token = parts.n_layers * parts.d_model * 4
    for batch in batches(prompts, tokens_per_batch(device, bytes_of_token)):
        index = batch.index.ravel()
        rows = torch.from_numpy(np.flatnonzero((index >= 0) & ~sinks[index])).to(device)
        taken: list[Tensor] = []

        def take(
            layer: int, residuals: Tensor, rows: Tensor = rows, taken: list[Tensor] = taken
        ) -> None:
            if layer in layers:
                taken.append(residuals.reshape(-1, parts.d_model)[rows])

        with capturing(parts, residuals=take):
            forward(loaded, batch.ids)
        yield taken
        advance(batch.n_prompts)


def _quality(found: Distances, translators: Translators, n_prompts: int) -> pa.Table:
    rows: list[dict[str, Any]] = []
    n_layers = len(translators.ridges) + 1
    for layer in range(n_layers):
        for lens in LENSES:
            distance = found.of(lens, layer)
            fitted = lens == "linear" and layer < n_layers - 1
            rows.append(
                {
                    "layer": layer,
                    "lens": lens,
                    "kl": float(distance.kl.mean()),
                    "kl_median": float(np.median(distance.kl)),
                    "top1_agreement": float(distance.agrees.mean()),
                    "n_tokens": len(distance.kl),
                    "n_prompts": n_prompts,
                    "ridge": translators.ridges[layer] if fitted else None,
                }
            )
    return pa.Table.from_pylist(rows, schema=TABLES["lens_quality"].schema)
