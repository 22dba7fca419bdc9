"""The one dense array that all numbers of a made-up atlas are derived from, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from kn_assets.synthetic.text import COUNTRIES

ROWS_AT_ONCE = 1 << 20
FINGERPRINT = "made-up"
_BLOCK = 1 << 24  # values of the dense array held at a time

Array = np.ndarray[Any, Any]
Columns = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """Sizes and kind of a made-up atlas; `density` is the share of values that fire."""

    n_prompts: int = 12
    n_layers: int = 3
    n_neurons: int = 40
    n_tokens: int = 10
    n_vocabulary: int = 60
    density: float = 0.1
    top: int = 5
    seed: int = 0
    bfloat16: bool = False
    extra_prompts: int = 2


def lengths(size: Shape) -> Array:
    """Tokens of each prompt of the atlas, int64 [n_prompts]."""
    short = max(2, size.n_tokens * 3 // 4)
    return np.where(np.arange(size.n_prompts) % 4 == 3, short, size.n_tokens)


def token_ids(size: Shape, n_prompts: int | None = None) -> Array:
    """Token ids, int64 [n_prompts, n_tokens]; those past a prompt's length are no part of it."""
    rng = np.random.default_rng([size.seed, 1])
    n = size.n_prompts + size.extra_prompts
    return rng.integers(size.n_vocabulary, size=(n, size.n_tokens))[: n_prompts or size.n_prompts]


def tokens_index(size: Shape) -> tuple[Array, Array]:
    """Prompt and position of every token of the atlas in order."""
    prompt, position = np.nonzero(np.arange(size.n_tokens)[None, :] < lengths(size)[:, None])
    return prompt, position


def sinks(size: Shape) -> Array:
    """Which tokens are attention sinks, bool [n_prompts, n_tokens].

    The first of most prompts, but not of all; in some a later one too.
    """
    found = np.zeros((size.n_prompts, size.n_tokens), dtype=bool)
    prompt = np.arange(size.n_prompts) % 12
    found[prompt != 7, 0] = True
    found[prompt == 5, 2:3] = True
    return found & (np.arange(size.n_tokens)[None, :] < lengths(size)[:, None])


def neuron_columns(size: Shape) -> tuple[Array, Array]:
    index = np.arange(size.n_layers * size.n_neurons)
    return index // size.n_neurons, index % size.n_neurons


def city_of(size: Shape) -> Array:
    """The place in the cities table of each prompt's city, int64 [n_prompts + extra_prompts]."""
    return np.arange(size.n_prompts + size.extra_prompts)[::-1]


def dense_blocks(size: Shape) -> Iterator[tuple[int, int, Array]]:
    """Yield (layer, first neuron, activations float32 [neurons, n_prompts, n_tokens]).

    Values grow with the layer; a third of the neurons prefers the cities of one country; one neuron
    in fifty is outsized at attention sinks; positions past a prompt's end are NaN.
    """
    n = max(1, min(size.n_neurons, _BLOCK // (size.n_prompts * size.n_tokens)))
    country = np.arange(size.n_prompts) % len(COUNTRIES)
    outside = np.arange(size.n_tokens)[None, :] >= lengths(size)[:, None]
    outsized = np.where(sinks(size), np.float32(100), np.float32(1))
    for layer in range(size.n_layers):
        for first in range(0, size.n_neurons, n):
            neurons = np.arange(first, min(first + n, size.n_neurons))
            rng = np.random.default_rng([size.seed, 2, layer, first])
            shape = (len(neurons), size.n_prompts, size.n_tokens)
            values = rng.standard_normal(shape, dtype=np.float32)
            scale = rng.gamma(4.0, 0.25, len(neurons)) * 1.2**layer
            liked = rng.integers(3 * len(COUNTRIES), size=len(neurons))
            prefers = liked[:, None] == country[None, :]
            values *= (scale[:, None] * (1 + 2 * prefers))[:, :, None].astype(np.float32)
            values[neurons % 50 == 0] *= outsized
            if size.bfloat16:
                bits = values.view(np.uint32)
                bits += 0x8000
                bits &= 0xFFFF0000
            values[:, outside] = np.nan
            yield layer, first, values
