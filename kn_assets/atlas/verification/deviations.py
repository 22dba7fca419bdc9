"""What a stored atlas says of some prompts, held against plain passes, prompt by prompt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from kn_assets.atlas.verification.plain import Plain

if TYPE_CHECKING:
    import pyarrow as pa

Distribution = Callable[[int], np.ndarray]


@dataclass
class Deviations:
    """What differed, over all prompts so far. Lists hold an array a prompt.

    relative: |stored - plain| / |plain| of activations that fired in both; probabilities,
    attention: |stored - plain|; ranks: |stored - plain| / plain of the next token's rank.
    """

    n_prompts: int = 0
    n_tokens: int = 0
    fired_in_both: int = 0
    fired_in_one: int = 0
    sinks_differ: int = 0
    likeliest_differ: int = 0
    n_lens: int = 0
    relative: list[np.ndarray] = field(default_factory=list)
    probabilities: list[np.ndarray] = field(default_factory=list)
    ranks: list[np.ndarray] = field(default_factory=list)
    attention: list[np.ndarray] = field(default_factory=list)

    @property
    def jaccard(self) -> float:
        """Of the fired sets: intersection over union, 1 where nothing fired."""
        union = self.fired_in_both + self.fired_in_one
        return self.fired_in_both / union if union else 1.0

    @property
    def same_likeliest(self) -> float:
        """Share of tokens and layers whose likeliest next token is the same."""
        return 1 - self.likeliest_differ / self.n_lens if self.n_lens else 1.0

    def add_fired(self, stored: pa.Table, true: Plain, thresholds: np.ndarray) -> None:
        """Rows of `activations` of a prompt; thresholds: float32 [layers]."""
        self.n_prompts += 1
        self.n_tokens += true.activations.shape[1]
        kept = np.zeros_like(true.activations)
        place = tuple(stored[c].to_numpy() for c in ("layer", "position", "neuron"))
        kept[place] = stored["activation"].to_numpy()
        fired, over = kept != 0, np.abs(true.activations) >= thresholds[:, None, None]
        both = fired & over
        self.fired_in_both += int(both.sum())
        self.fired_in_one += int((fired ^ over).sum())
        self.relative.append(np.abs(kept[both] / true.activations[both] - 1))

    def add_sinks(self, stored: np.ndarray, true: Plain, bars: np.ndarray) -> None:
        """Column `sink` of a prompt's `tokens`; bars: float32 [layers], `thresholds.sink_norm`."""
        self.sinks_differ += int((stored != (true.norms >= bars[:, None]).any(0)).sum())

    def add_lens(self, stored: pa.Table, ids: np.ndarray, distribution: Distribution) -> None:
        """Rows of `logit_lens` of a prompt of some ids; distribution: [T, vocabulary] by layer."""
        n = len(ids)
        k = len(stored) // (n * len(np.unique(stored["layer"].to_numpy())))
        shape = (n, -1, k)
        token, probability = (
            stored[c].to_numpy().reshape(shape) for c in ("token_id", "probability")
        )
        rank = stored["next_rank"].to_numpy(zero_copy_only=False).reshape(shape)[:-1, :, 0]
        following = ids[1:, None].astype(np.int64)
        for layer in range(token.shape[1]):
            true = distribution(layer)
            mine = np.take_along_axis(true, token[:, layer].astype(np.int64), 1)
            self.probabilities.append(np.abs(probability[:, layer] - mine).ravel())
            # A tie for the first place is no difference.
            self.likeliest_differ += int((mine[:, 0] < true.max(1)).sum())
            self.n_lens += n
            of_next = np.take_along_axis(true[:-1], following, 1)
            true_rank = (true[:-1] >= of_next).sum(1)
            self.ranks.append(np.abs(rank[:, layer] / true_rank - 1))

    def add_attention(self, stored: pa.Table, true: Plain) -> None:
        """Rows of `attention` of a prompt."""
        place = tuple(stored[c].to_numpy() for c in ("layer", "position", "source_position"))
        self.attention.append(np.abs(stored["weight"].to_numpy() - true.attention[place]))
