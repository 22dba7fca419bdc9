"""Answers for the browser: JSON text, in which arrays are base64 of little-endian bytes.

JSON lists are slow there, base64 isn't.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from kn_assets.live import numbers

Array = np.ndarray[Any, Any]


def pack(values: Array, dtype: str) -> dict[str, str]:
    """`{"dtype", "data"}` which `unpack` in static/page/packed.js turns into a typed array.

    `dtype` is one of u1, u2, u4, i2, i4, f4. Raises ValueError where an integer doesn't fit.
    """
    packed = np.ascontiguousarray(values).astype(f"<{dtype}")
    if dtype[0] != "f" and not np.array_equal(packed, values):
        raise ValueError(f"values between {values.min()} and {values.max()} don't fit {dtype}")
    return {"dtype": dtype, "data": base64.b64encode(packed.tobytes()).decode("ascii")}


def pack_ids(values: Array) -> dict[str, str]:
    """Pack integers from 0 in as few bytes as hold the largest."""
    largest = int(values.max(initial=0))
    return pack(values, "u1" if largest < 1 << 8 else "u2" if largest < 1 << 16 else "u4")


def pack_fired(found: dict[str, Array], n_tokens: int, n_layers: int) -> dict[str, Any]:
    """The columns position, layer, neuron and activation, as a prompt's `fired` sends them."""
    place, order = fired_order(found, n_layers)
    counts = np.bincount(place, minlength=n_tokens * n_layers)
    return {
        "offsets": pack(np.concatenate([[0], np.cumsum(counts)]), "u4"),
        "neuron": pack_ids(found["neuron"][order]),
        "activation": pack(found["activation"][order], "f4"),
    }


def pack_lens(
    words: list[str], ids: Array, probabilities: Array, next_probability: Array, next_rank: Array
) -> dict[str, Any]:
    """What a lens reads of a prompt, as the page takes it.

    ids: [position, layer, rank], places in `words`; probabilities: as long; next_probability (NaN
    where nothing follows) and next_rank: [position, layer], of the token that follows.
    """
    return {
        "ranks": ids.shape[2],
        "words": words,
        "word": pack_ids(ids.ravel()),
        "probability": pack(probabilities.ravel(), "f4"),
        "next_probability": pack(np.nan_to_num(next_probability).ravel(), "f4"),
        "next_rank": pack(next_rank.ravel(), "u4"),
    }


def fired_order(found: dict[str, Array], n_layers: int) -> tuple[Array, Array]:
    """Of such columns the place of each row, position * n_layers + layer, and the rows in the order
    in which `fired` holds them: by place, the strongest first.
    """
    place = found["position"].astype(np.int64) * n_layers + found["layer"]
    return place, np.lexsort((-np.abs(found["activation"]), place))


def unpack(packed: dict[str, str]) -> Array:
    """The array again."""
    return np.frombuffer(base64.b64decode(packed["data"]), dtype=f"<{packed['dtype']}")


def to_json(answer: object) -> str:
    """JSON as every browser reads it, without markup; infinities and NaN are null and counted.

    A text, since Gradio walks through every value of a structured answer.
    """
    text = numbers.to_json(answer, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")
