"""How likely a model holds answers: of one next token, and of a whole answer token by token.

A token is the likeliest only if it is strictly likelier than every other. So ranks are the worst of
a tie: a model whose logits are all equal ranks every token last, and knows nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kn_assets.errors import KnError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class NextTokens:
    """Next-token distributions, one row each, and one token of each.

    logits: float32 [rows, vocab_size]; logprobs: float32 [rows], natural logarithms of the tokens'
    probabilities; ranks: int64 [rows], 1 + the number of other tokens at least as likely.
    """

    logits: Tensor
    logprobs: Tensor
    ranks: Tensor

    @staticmethod
    def of(logits: Tensor, tokens: Sequence[int]) -> NextTokens:
        """logits: [rows, vocab_size]; tokens: an id for each row.

        Raises KnError where they give no distribution: any NaN, or an infinity that isn't negative.
        """
        import torch

        logits = logits.float()
        ids = torch.tensor(list(tokens), device=logits.device)[:, None]
        own = logits.gather(1, ids)
        sums = logits.logsumexp(1, keepdim=True)
        if not bool(sums.isfinite().all()):
            raise KnError(
                "the model's logits are not finite (NaN or infinity), so it answers nothing: its "
                "weights are damaged, its training diverged, or neurons were changed too much"
            )
        # Not by probabilities: those of unlikely tokens are all 0 in float32.
        return NextTokens(logits, (own - sums)[:, 0], (logits >= own).sum(1))


@dataclass(frozen=True)
class Whole:
    """Whole answers, teacher-forced: each token after the prompt and the tokens before it.

    logprobs: float64 [answers], summed over an answer's tokens, in nats; greedy: bool [answers],
    whether every token has rank 1, so that greedy decoding says the answer (`is_greedy` of the LM
    Evaluation Harness, Gao et al. 2021).
    """

    logprobs: np.ndarray
    greedy: np.ndarray

    @staticmethod
    def of(logprobs: np.ndarray, ranks: np.ndarray, lengths: Sequence[int]) -> Whole:
        """logprobs, ranks: [tokens], answers end to end; lengths: tokens of each, one at least."""
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.intp)
        if not len(lengths):
            return Whole(np.zeros(0), np.zeros(0, bool))
        return Whole(
            np.add.reduceat(logprobs.astype(np.float64), starts),
            np.logical_and.reduceat(ranks == 1, starts),
        )
