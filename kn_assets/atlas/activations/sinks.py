"""Attention sinks by measure: tokens whose residual stream is outsized after some block.

Some models keep a token that gathers attention and says nothing: the first one, an end-of-text
token, a first token that is repeated (Xiao et al. 2023, arXiv 2309.17453). A few massive
activations make it (Sun et al. 2024, arXiv 2402.17762), a thousand times the usual ones, and would
rule every statistic. Other models have none, and no place in a prompt tells which: so the norm of a
token's residual stream after each block is held against the model's own, not the prompt's, in
which all tokens may be sinks ("the the the").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kn_assets.atlas.activations.sieve import plain

if TYPE_CHECKING:
    from torch import Tensor

FACTOR = 20.0
"""A token is a sink if the norm after any block is at least so many times that block's median.

It stands in a gap: see *Attention sinks* in docs/accuracy.md for what was measured on either side.
"""


class Norms:
    """The norms of block outputs, layer by layer as a model gives those of a batch."""

    def __init__(self) -> None:
        self._layers: list[Tensor] = []

    def take(self, residuals: Tensor) -> None:
        """Take the [prompts, length, d_model] of the next layer, of any float dtype."""
        import torch

        flat = residuals.reshape(-1, residuals.shape[-1])
        if flat.device.type == "cpu":
            from kn_assets.atlas.activations.row_norms import row_norms

            rows = plain(flat)
            self._layers.append(torch.from_numpy(row_norms(rows.view(f"u{rows.itemsize}"))))
        else:
            self._layers.append(torch.linalg.vector_norm(flat, dim=1, dtype=torch.float32))

    def found(self) -> np.ndarray:
        """float32 [prompts * length, layers]."""
        import torch

        return torch.stack(self._layers, dim=1).cpu().numpy()


def medians(norms: np.ndarray) -> np.ndarray:
    """The norm of an ordinary token after each block, float32 [layers], of norms [tokens, layers].

    0 where there is no token.
    """
    if not len(norms):
        return np.zeros(norms.shape[1], np.float32)
    return np.median(norms, axis=0).astype(np.float32)


def sink_norms(median: np.ndarray, factor: float = FACTOR) -> np.ndarray:
    """The norm from which on a token is a sink, by each block's median: float32 [layers]."""
    return np.float32(factor) * median


def are_sinks(norms: np.ndarray, bars: np.ndarray) -> np.ndarray:
    """Which tokens are sinks, bool [tokens].

    norms: float32 [tokens, layers]; bars: `sink_norms`, float32 [layers]. A bar of 0 says that
    nothing is known of the layer.
    """
    return np.any((norms >= bars) & (bars > 0), axis=1)
