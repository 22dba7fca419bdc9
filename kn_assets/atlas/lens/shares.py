"""Which prompts a lens is fitted on, which choose its ridge, and which it is judged by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kn_assets.atlas.forward.tokens import TokenizedPrompts

FEWEST = 3  # prompts: one for each share
MOST_TOKENS = 1 << 16  # of the fit: more gain nothing, see docs/accuracy.md
MEASURED = 1024  # tokens, of held-out prompts
_HELD_OUT, _VALIDATION = 0.2, 0.1


@dataclass(frozen=True)
class Shares:
    """Prompts by number (not id), int64 each, in the order in which they are taken."""

    fit: np.ndarray
    validation: np.ndarray
    held_out: np.ndarray

    @classmethod
    def of(cls, n: int, seed: int) -> Shares:
        """Shares of n prompts, drawn by chance: a fifth held out, a tenth for validation."""
        order = np.random.default_rng(seed).permutation(n)
        held_out, validation = (max(1, round(share * n)) for share in (_HELD_OUT, _VALIDATION))
        first = held_out + validation
        return cls(order[first:], order[held_out:first], order[:held_out])


def some(prompts: TokenizedPrompts, chosen: np.ndarray, tokens: int) -> TokenizedPrompts:
    """As many of the chosen prompts, from the first on, as hold `tokens` tokens; the last one that
    is needed for that is whole.
    """
    before = np.cumsum(prompts.lengths[chosen]) - prompts.lengths[chosen]
    return TokenizedPrompts.joined(prompts.slice(i, i + 1) for i in chosen[before < tokens])


def places(prompts: TokenizedPrompts, part: TokenizedPrompts) -> np.ndarray:
    """Of each token of `part`, which `some` gave, its place among those of all prompts, int64."""
    number = {int(p): i for i, p in enumerate(prompts.prompt_ids)}
    starts = prompts.starts[[number[int(p)] for p in part.prompt_ids]]
    return np.repeat(starts - part.starts[:-1], part.lengths) + np.arange(len(part.ids))
