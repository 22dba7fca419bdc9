"""Which neurons fire at which tokens of a large made-up atlas, drawn a shard and a layer at a time.

Each draw has a seed of its own, so that it can be made again instead of being kept.
"""

from __future__ import annotations

import numpy as np

from kn_assets.synthetic.dense import Array, Columns, Shape

SHARD = 512  # prompts, as a run cuts them at 30 tokens a prompt
_VALUES = 1 << 14  # that activations are drawn from


class Fired:
    """Draws which neurons fire at which tokens of a shard, and at what activation."""

    def __init__(self, size: Shape) -> None:
        self.size = size
        self.shards = [
            np.arange(first, min(first + SHARD, size.n_prompts))
            for first in range(0, size.n_prompts, SHARD)
        ]
        rng = np.random.default_rng([size.seed, 2])
        rates = rng.gamma(1.0, 1.0, (size.n_layers, size.n_neurons))
        self.rates = np.minimum(0.9, rates * size.density / rates.mean())
        self.threshold = (1.2 ** np.arange(size.n_layers)).astype(np.float32)
        values = 1 + rng.exponential(0.3, _VALUES).astype(np.float32)
        values *= rng.choice(np.array([-1, 1], np.float32), _VALUES)
        self.values = values

    def draw(self, shard: int, layer: int) -> tuple[Array, Array, Array]:
        """(neuron uint16, token of the shard uint16, activation float32) by neuron, then token."""
        rng = np.random.default_rng([self.size.seed, 2, shard, layer])
        n_tokens = len(self.shards[shard]) * self.size.n_tokens
        counts = rng.binomial(n_tokens, self.rates[layer])
        neuron = np.repeat(np.arange(self.size.n_neurons, dtype=np.uint32), counts)
        keys = (neuron << 16) | rng.integers(n_tokens, size=len(neuron), dtype=np.uint32)
        keys.sort()
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])]
        activation = self.values[rng.integers(_VALUES, size=len(keys), dtype=np.uint16)]
        bits = (activation * self.threshold[layer]).view(np.uint32)
        bits += 0x8000
        bits &= 0xFFFF0000  # as a model in bfloat16 gives them
        return (keys >> 16).astype(np.uint16), keys.astype(np.uint16), bits.view(np.float32)

    def columns(self, shard: int, token: Array) -> Columns:
        """The `prompt_id` and `position` [n] of tokens [n] of a shard."""
        prompt, position = np.divmod(token, self.size.n_tokens)
        return {"prompt_id": self.shards[shard][prompt], "position": position}
