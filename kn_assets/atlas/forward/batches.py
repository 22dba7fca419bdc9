"""Batches of prompts: prompts of like length together, padded on the right.

Under causal attention a token never sees what stands behind it, so padding on the right changes no
real token's numbers and needs no mask; rows of padding are dropped before anything is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from kn_assets.atlas.forward.tokens import TokenizedPrompts

TOKENS_PER_BATCH = 960  # 32 prompts of 30 tokens: more gains nothing on a CPU
TOKENS_PER_BATCH_THERE = 1 << 13  # on another device, which has more to keep busy
_HELD = 1 << 28  # bytes of activations that a batch's tokens may have together
_HELD_THERE = 1 << 32


@dataclass(frozen=True)
class Batch:
    """Some prompts as one rectangle, the batch of that number.

    ids: int64 [prompts, length]; index: int64 [prompts, length], each token's place among the
    tokens of the `TokenizedPrompts` it was cut from, -1 where there is only padding; sinks: bool
    [prompts * length], which are attention sinks, None until the model has run.
    """

    number: int
    ids: np.ndarray
    index: np.ndarray
    sinks: np.ndarray | None = None

    def with_sinks(self, sinks: np.ndarray) -> Batch:
        """This batch once it is known which of its tokens are sinks, bool [prompts * length]."""
        return replace(self, sinks=sinks)

    @property
    def tokens(self) -> np.ndarray:
        """Of each row of its activations the token's place, -1 for padding: int32 [n]."""
        return self.index.reshape(-1).astype(np.int32)

    @property
    def counted(self) -> np.ndarray:
        """Which rows count in sums and tops, bool [n]: neither padding nor attention sinks."""
        assert self.sinks is not None, "whether a token is a sink shows when the model has run"
        return (self.index.reshape(-1) >= 0) & ~self.sinks

    @property
    def n_prompts(self) -> int:
        return len(self.ids)


def tokens_per_batch(device: str, bytes_of_token: int = 1) -> int:
    """How many tokens suit a device, e.g. `cpu` or `cuda:0`.

    bytes_of_token: of its activations in all layers, where a batch's are held until it has run.
    """
    most, held = (
        (TOKENS_PER_BATCH, _HELD) if device == "cpu" else (TOKENS_PER_BATCH_THERE, _HELD_THERE)
    )
    return max(1, min(most, held // bytes_of_token))


def batches(prompts: TokenizedPrompts, tokens_per_batch: int = TOKENS_PER_BATCH) -> Iterator[Batch]:
    """Cut prompts into batches of at most `tokens_per_batch` tokens (or one prompt), by length."""
    order = np.argsort(-prompts.lengths, kind="stable")
    first = number = 0
    while first < len(order):
        length = int(prompts.lengths[order[first]])
        chosen = order[first : first + max(1, tokens_per_batch // length)]
        ids = np.zeros((len(chosen), length), np.int64)
        index = np.full((len(chosen), length), -1, np.int64)
        for row, prompt in enumerate(chosen):
            start, stop = prompts.starts[prompt], prompts.starts[prompt + 1]
            ids[row, : stop - start] = prompts.ids[start:stop]
            index[row, : stop - start] = np.arange(start, stop)
        yield Batch(number, ids, index)
        first += len(chosen)
        number += 1
