"""What a lens reads of a text, as it goes from the process that ran it to the page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kn_assets.atlas.lens.rows import LensRows
from kn_assets.live.arrays import from_bytes, to_bytes


@dataclass(frozen=True)
class LiveReading:
    """A lens' k likeliest tokens at T tokens after L layers, and what it says of the next token.

    words: the tokens that occur; ids: int32 [T, L, k], places in `words`; probabilities: float32
    [T, L, k]; next_probability: float32 [T, L], NaN at the last token; next_rank: int32 [T, L], 0
    there.
    """

    words: list[str]
    ids: np.ndarray
    probabilities: np.ndarray
    next_probability: np.ndarray
    next_rank: np.ndarray

    @classmethod
    def of(cls, rows: LensRows, vocabulary: list[str]) -> LiveReading:
        """What some rows hold; `vocabulary` is the text of every id."""
        found, places = np.unique(rows.ids, return_inverse=True)
        return cls(
            [vocabulary[i] for i in found.tolist()],
            places.reshape(rows.ids.shape).astype(np.int32),
            rows.probabilities,
            rows.next_probability,
            rows.next_rank,
        )

    def to_bytes(self) -> bytes:
        """The reading for another process; `from_bytes` reads it."""
        return to_bytes(self)

    @classmethod
    def from_bytes(cls, body: bytes) -> LiveReading:
        return from_bytes(cls, body)
