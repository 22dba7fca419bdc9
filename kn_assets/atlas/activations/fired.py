"""The neurons' side of a shard: fired values in both orders, statistics and tops.

While batches run, each layer's activations go through a `Compaction`; at the end
everything is brought in order and written, layer beside layer.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kn_assets.atlas.activations import packed
from kn_assets.atlas.activations.compaction import compaction
from kn_assets.atlas.activations.numbers import refuse_sums
from kn_assets.atlas.activations.sieve import Sieve
from kn_assets.atlas.activations.spill import Spill
from kn_assets.atlas.activations.thresholds import Calibration
from kn_assets.atlas.activations.top import Top
from kn_assets.atlas.forward.batches import Batch
from kn_assets.atlas.forward.capture import device_of
from kn_assets.atlas.forward.tokens import TokenizedPrompts
from kn_assets.lake.parquet import TableFile
from kn_assets.lake.schema import TABLES

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.load import LoadedModel

FILE = "fired-{}.parquet"
_PROMPTS_OF_FILE = 512  # so that threads can write a shard's files side by side
_CHUNK = 512  # tokens put in order at once: what fits a processor's cache


class Fired:
    """Collects a shard's activations and writes them."""

    def __init__(
        self, loaded: LoadedModel, calibration: Calibration, top_k: int, pool: Executor
    ) -> None:
        n_neurons = loaded.parts.n_neurons
        self._pool = pool
        self._sieves = [
            Sieve(n_neurons, float(threshold), top_k, bounds)
            for threshold, bounds in zip(calibration.thresholds, calibration.bounds, strict=True)
        ]
        self._compaction = compaction(self._sieves, pool, device_of(loaded))

    def take(self, batch: Batch, layers: list[Tensor]) -> None:
        """Take the [prompts, length, neurons] of all layers of a batch whose sinks are known.

        The list is empty afterwards: what was looked at needn't be held any longer.
        """
        layers.reverse()
        for layer in range(len(layers)):
            self._compaction.take(batch, layer, layers.pop().reshape(batch.index.size, -1))

    def write(self, folder: Path, prompts: TokenizedPrompts, sinks: np.ndarray) -> None:
        """Write the rows in prompt order as a table's file, all else as a `Spill`.

        sinks: bool [tokens], which are attention sinks. Raises KnError where a neuron's sums are no
        numbers.
        """
        moments = self._compaction.finish()
        for layer, one in enumerate(moments):
            refuse_sums(layer, one.totals)
        spill, pool = Spill(folder), self._pool
        by_token = list(pool.map(_by_token, self._sieves))
        written = [
            pool.submit(_write, folder / FILE.format(i), by_token, prompts, first)
            for i, first in enumerate(range(0, len(prompts), _PROMPTS_OF_FILE))
        ]
        counted = ~sinks
        layers = list(pool.map(lambda s, rows: _Layer.of(s, rows, counted), self._sieves, by_token))
        spill.write_tokens(prompts, sinks)
        spill.write_rows(*([getattr(x, n) for x in layers] for n in ("edges", "tokens", "values")))
        spill.write_neurons(
            moments[0].count,
            np.stack([x.n_fired for x in layers]),
            np.stack([m.totals[0] for m in moments]),
            np.stack([m.totals[1] for m in moments]),
            {"high": [x.high for x in layers], "low": [x.low for x in layers]},
        )
        for file in written:
            file.result()


@dataclass(frozen=True)
class _Layer:
    """What a `Spill` is given of one layer."""

    edges: np.ndarray
    tokens: np.ndarray
    values: np.ndarray
    n_fired: np.ndarray
    high: Top
    low: Top

    @classmethod
    def of(cls, sieve: Sieve, by_token: np.ndarray, counted: np.ndarray) -> _Layer:
        """counted: bool [tokens], which are no attention sinks."""
        rows = packed.swapped(by_token)
        rows.sort()
        tokens, neurons = packed.second(rows), packed.first(rows)
        n_fired = np.bincount(neurons[counted.take(tokens)], minlength=sieve.n_neurons)
        edges = packed.edges(rows, np.arange(sieve.n_neurons))
        return cls(edges, tokens, packed.values(rows), n_fired, *sieve.tops())


def _by_token(sieve: Sieve) -> np.ndarray:
    rows = np.concatenate([np.empty(0, np.uint64), *sieve.fired])
    sieve.fired.clear()
    rows.sort()
    return rows


def _write(
    path: Path, layers: list[np.ndarray], prompts: TokenizedPrompts, first_prompt: int
) -> None:
    last_prompt = min(first_prompt + _PROMPTS_OF_FILE, len(prompts))
    tokens = range(int(prompts.starts[first_prompt]), int(prompts.starts[last_prompt]))
    with TableFile(path, "activations") as file:
        for rows in in_prompt_order(layers, prompts, tokens):
            file.write(rows)


def in_prompt_order(
    layers: list[np.ndarray], prompts: TokenizedPrompts, tokens: range
) -> Iterator[pa.Table]:
    """The rows of some tokens by prompt, position, layer and neuron, as pieces of `activations`.

    layers: per layer, uint64 [rows] packed by token and neuron, sorted.
    """
    prompt_of, position_of = prompts.token_prompts, prompts.positions
    firsts = tokens[::_CHUNK]
    edges = np.stack(
        [packed.edges(rows, np.array([*firsts, tokens.stop]))[:-1] for rows in layers], axis=1
    )
    schema = TABLES["activations"].schema
    for first, (starts, ends) in zip(firsts, pairwise(edges), strict=True):
        pieces = [rows[a:b] for rows, a, b in zip(layers, starts, ends, strict=True)]
        rows, counts = _interleaved(pieces, first, min(_CHUNK, tokens.stop - first))
        token_of = packed.first(rows)
        n_layers = np.arange(len(layers), dtype=np.int16)
        columns = [
            prompt_of.take(token_of),
            position_of.take(token_of),
            np.repeat(np.tile(n_layers, len(counts)), counts.ravel()),
            packed.second(rows).astype(np.int32),
            packed.values(rows),
        ]
        yield pa.table(columns, schema=schema)


def _interleaved(
    pieces: list[np.ndarray], first: int, n_tokens: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of some tokens, layer by layer -> token by token, and counts int64 [tokens, layers].

    Rows of one token and layer are together before and after, so their new places follow from
    counting alone, without a sort.
    """
    tokens = [packed.first(rows) - np.uint16(first) for rows in pieces]
    counts = np.stack([np.bincount(t, minlength=n_tokens) for t in tokens], axis=1)
    ends = np.cumsum(counts.ravel()).reshape(counts.shape)
    before = np.cumsum(counts, axis=0)  # rows of the layer up to and with the token
    shift = (ends - before).astype(np.int32)
    out = np.empty(ends[-1, -1], np.uint64)
    for layer, rows in enumerate(pieces):
        to = np.repeat(shift[:, layer], counts[:, layer])
        to += np.arange(len(rows), dtype=np.int32)
        out[to] = rows
    return out, counts
