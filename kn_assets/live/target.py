"""A target's contributions in a prompt, as they go from the process that runs the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LiveTarget:
    """A target's contributions in a prompt of T tokens, as they go to the page.

    target_words, against_words: the tokens' texts, None where there is none; target_ids: int64 [T],
    -1 for none; logit, embedding, biases: float32 [T]; mlp, attention: float32 [T, L]; heads:
    float32 [T, L, H] (see `Contributions`); fired: float32 [n], of the neurons asked about;
    probability: float32 [T] and rank: int64 [T], at the end; lens_probability, lens_rank: [T, L],
    after each layer, or None where they weren't asked for; text_log_probability: float32 [T], see
    `LensLogits.following`.
    """

    target_words: list[str | None]
    target_ids: np.ndarray
    against_words: list[str | None] | None
    logit: np.ndarray
    probability: np.ndarray
    rank: np.ndarray
    lens_rank: np.ndarray | None
    lens_probability: np.ndarray | None
    text_log_probability: np.ndarray
    fired: np.ndarray
    mlp: np.ndarray
    attention: np.ndarray
    heads: np.ndarray
    embedding: np.ndarray
    biases: np.ndarray
