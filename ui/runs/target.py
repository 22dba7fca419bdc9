"""A target's contributions, packed for the page."""

from __future__ import annotations

import numpy as np

from kn_assets.live.arrays import from_bytes
from kn_assets.live.target import LiveTarget
from ui.pack import pack
from ui.rows import Answer

_FLOATS = (
    "logit",
    "probability",
    "lens_probability",
    "text_log_probability",
    "fired",
    "mlp",
    "attention",
    "heads",
    "embedding",
    "biases",
)
_RANKS = ("rank", "lens_rank")


def told(body: bytes) -> Answer:
    """The bytes of a `LiveTarget` as the page gets it: words and ids as lists, all else packed.

    [T, L] and [T, L, H] arrays are flat, by position, then layer, then head; a rank of 0 stands
    where there is no target.
    """
    found = from_bytes(LiveTarget, body)
    return {
        "target_words": found.target_words,
        "target_ids": found.target_ids.tolist(),
        "against_words": found.against_words,
        "n_heads": found.heads.shape[2],
        **{name: _packed(getattr(found, name), "f4") for name in _FLOATS},
        **{name: _packed(getattr(found, name), "u4") for name in _RANKS},
    }


def _packed(values: np.ndarray | None, dtype: str) -> dict[str, str] | None:
    return None if values is None else pack(values.ravel(), dtype)
