"""What a model does on one text, as it goes from the process that ran it to the page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kn_assets.live.arrays import from_bytes, to_bytes

ATTENTION_GRID = 1 << 16  # as the atlas keeps it


@dataclass(frozen=True)
class LivePrompt:
    """What the atlas' model does on one text of T tokens, in L layers.

    tokens: text of each; n_whole: tokens of the whole text, of which the first T were run;
    position, layer: int16 [fired], neuron: int32 [fired], activation: float32 [fired], ordered as
    the rows of `activations`; thresholds: float32 [L]; sinks: bool [T], which are attention sinks;
    lens_ids: int32 [T, L, k], places in `words`; lens_probabilities: float32 [T, L, k];
    next_probability: float32 [T, L], NaN at the last token; next_rank: int32 [T, L], 0 there;
    attention: uint16 [L, T (T + 1) / 2], the rows of a lower triangle (position, source), in units
    of 1 / ATTENTION_GRID.
    """

    tokens: list[str]
    n_whole: int
    words: list[str]
    position: np.ndarray
    layer: np.ndarray
    neuron: np.ndarray
    activation: np.ndarray
    thresholds: np.ndarray
    sinks: np.ndarray
    lens_ids: np.ndarray
    lens_probabilities: np.ndarray
    next_probability: np.ndarray
    next_rank: np.ndarray
    attention: np.ndarray

    @property
    def size(self) -> int:
        """Bytes of its arrays."""
        return sum(v.nbytes for v in vars(self).values() if isinstance(v, np.ndarray))

    def to_bytes(self) -> bytes:
        """The prompt for another process; `from_bytes` reads it."""
        return to_bytes(self)

    @classmethod
    def from_bytes(cls, body: bytes) -> LivePrompt:
        return from_bytes(cls, body)
