"""The lens of some prompts as rows of `logit_lens`, layer by layer as the model gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kn_assets.atlas.lens.lens import lens
from kn_assets.lake.schema import TABLES

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.atlas.forward.tokens import TokenizedPrompts
    from kn_assets.models.parts import Parts

LENS_K = 5


class LensRows:
    """Takes block outputs, gives the table once every layer of every token was taken."""

    def __init__(self, prompts: TokenizedPrompts, n_layers: int) -> None:
        self._prompts = prompts
        self._following = following(prompts)
        n = len(prompts.ids)
        self.ids = np.zeros((n, n_layers, LENS_K), np.int32)
        self.probabilities = np.zeros((n, n_layers, LENS_K), np.float32)
        self.next_probability = np.zeros((n, n_layers), np.float32)
        self.next_rank = np.zeros((n, n_layers), np.int32)

    def take(self, parts: Parts, layer: int, residuals: Tensor, index: np.ndarray) -> None:
        """Take a batch of a layer.

        residuals: [prompts, length, d_model]; index: int64 [prompts, length], each token's place
        among those of the prompts, -1 for padding.
        """
        import torch

        tokens = index.ravel()
        real = np.flatnonzero(tokens >= 0)
        tokens = tokens[real]
        device = residuals.device
        hidden = residuals.reshape(-1, residuals.shape[-1])[torch.from_numpy(real).to(device)]
        after = torch.from_numpy(self._following[tokens]).to(device)
        found = lens(parts, hidden, after, LENS_K)
        self.ids[tokens, layer] = found.ids
        self.probabilities[tokens, layer] = found.probabilities
        self.next_probability[tokens, layer] = found.next_probability
        self.next_rank[tokens, layer] = found.next_rank

    def table(self, vocabulary: list[str]) -> pa.Table:
        """The rows, by prompt, position, layer and rank; `vocabulary` is the text of every id."""
        prompts, k = self._prompts, LENS_K
        n_tokens, n_layers = self.next_rank.shape
        each = n_layers * k
        none = np.repeat(self._following < 0, each)
        columns = [
            np.repeat(prompts.token_prompts, each),
            np.repeat(prompts.positions, each),
            np.tile(np.repeat(np.arange(n_layers, dtype=np.int16), k), n_tokens),
            np.tile(np.arange(1, k + 1, dtype=np.int8), n_tokens * n_layers),
            self.ids.ravel(),
            pa.array(vocabulary).take(pa.array(self.ids.ravel())),
            self.probabilities.ravel(),
            pa.array(np.repeat(self.next_probability.ravel(), k), mask=none),
            pa.array(np.repeat(self.next_rank.ravel(), k), mask=none),
        ]
        return pa.table(columns, schema=TABLES["logit_lens"].schema)


def following(prompts: TokenizedPrompts) -> np.ndarray:
    """The id of the token after each token, int64 [tokens]; -1 at the end of a prompt."""
    after = np.full(len(prompts.ids), -1, np.int64)
    after[:-1] = prompts.ids[1:]
    after[prompts.starts[1:] - 1] = -1
    return after
