"""What goes with activations: lens, attention, and the vocabulary of neurons."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from kn_assets.synthetic.dense import ROWS_AT_ONCE, Columns, Shape, lengths, token_ids
from kn_assets.synthetic.text import vocabulary


def lens(size: Shape) -> Iterator[Columns]:
    """Five tokens after each layer; the true next token climbs as layers go."""
    words = np.array(vocabulary(size.n_vocabulary), dtype=object)
    long, ids = lengths(size), token_ids(size)
    step = max(1, ROWS_AT_ONCE // (size.n_tokens * size.n_layers * 5))
    for start in range(0, size.n_prompts, step):
        rng = np.random.default_rng([size.seed, 3, start])
        some = np.arange(start, min(start + step, size.n_prompts))
        shape = (len(some), size.n_tokens, size.n_layers)
        has_next = np.arange(size.n_tokens)[None, :] + 1 < long[some, None]
        following = np.broadcast_to(np.roll(ids[some], -1, axis=1)[:, :, None], shape)
        first = rng.integers(size.n_vocabulary - 1, size=shape)[..., None]
        tokens = (following[..., None] + 1 + (first + np.arange(5)) % (size.n_vocabulary - 1)) % (
            size.n_vocabulary
        )
        probability = -np.sort(-rng.dirichlet(np.full(6, 0.7), shape), axis=-1).astype(np.float32)
        odds = (1 + np.arange(size.n_layers)) / (size.n_layers + 1)
        rank = np.minimum(rng.geometric(odds, size=shape), size.n_vocabulary)
        within = (rank <= 5)[..., None] & (np.arange(5) == rank[..., None] - 1)
        tokens = np.where(within, following[..., None], tokens)
        lower = probability[..., 5] / np.maximum(rank, 1)
        named = np.take_along_axis(probability, np.minimum(rank, 5)[..., None] - 1, -1)[..., 0]
        chance = np.where(rank <= 5, named, lower)
        inside = np.arange(size.n_tokens)[None, :] < long[some, None]
        p, t, layer, r = np.nonzero(np.broadcast_to(inside[:, :, None, None], (*shape, 5)))
        last = ~has_next[p, t]
        yield {
            "prompt_id": p + start,
            "position": t,
            "layer": layer,
            "rank": r + 1,
            "token_id": tokens[p, t, layer, r],
            "token": words[tokens[p, t, layer, r]],
            "probability": probability[p, t, layer, r],
            "next_probability": pa.array(chance[p, t, layer], mask=last),
            "next_rank": pa.array(rank[p, t, layer], mask=last),
        }


def attention(size: Shape) -> Iterator[Columns]:
    long = lengths(size)
    positions = np.arange(size.n_tokens)
    before = positions[None, :] <= positions[:, None]
    step = max(1, ROWS_AT_ONCE // (size.n_layers * size.n_tokens**2))
    for start in range(0, size.n_prompts, step):
        rng = np.random.default_rng([size.seed, 4, start])
        some = np.arange(start, min(start + step, size.n_prompts))
        shape = (len(some), size.n_layers, size.n_tokens, size.n_tokens)
        weight = rng.random(shape, dtype=np.float32) * before
        weight[..., 0] += 1
        weight /= weight.sum(axis=-1, keepdims=True)
        inside = positions[None, :] < long[some, None]
        kept = before[None] & inside[:, :, None]
        p, layer, target, source = np.nonzero(np.broadcast_to(kept[:, None], shape))
        yield {
            "prompt_id": p + start,
            "layer": layer,
            "position": target,
            "source_position": source,
            "weight": weight[p, layer, target, source],
        }


def neuron_vocabulary(size: Shape, k: int = 10, stream: int = 6) -> Iterator[Columns]:
    """k promoted and k suppressed tokens of each neuron; others by another stream."""
    words = np.array(vocabulary(size.n_vocabulary), dtype=object)
    for layer in range(size.n_layers):
        rng = np.random.default_rng([size.seed, stream, layer])
        n = size.n_neurons
        first = rng.integers(size.n_vocabulary, size=(n, 1))
        tokens = (first + np.arange(2 * k)) % size.n_vocabulary
        score = np.abs(rng.standard_normal((n, 2, k)))
        score = -np.sort(-score, axis=-1) * np.array([1, -1])[:, None]
        yield {
            "layer": np.full(n * 2 * k, layer),
            "neuron": np.repeat(np.arange(n), 2 * k),
            "sign": np.tile(np.repeat([1, -1], k), n),
            "rank": np.tile(np.arange(k) + 1, 2 * n),
            "token_id": tokens.ravel(),
            "token": words[tokens.ravel()],
            "score": score.ravel(),
        }
