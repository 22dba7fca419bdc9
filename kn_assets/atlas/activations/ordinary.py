"""What norm an ordinary token has: the model's own, whatever its prompts are.

Prompts of a word or two would give little but first tokens, which may all be sinks. So the tokens
of a sample are read end to end, as texts of some length, without those that only mark where a text
begins or ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kn_assets.atlas.activations.numbers import refuse_norms
from kn_assets.atlas.activations.sinks import Norms, medians
from kn_assets.atlas.forward.capture import capturing, forward

if TYPE_CHECKING:
    from kn_assets.atlas.forward.tokens import TokenizedPrompts
    from kn_assets.models.load import LoadedModel

_TOKENS = 256  # read in all: more move no median by much
_LEAST = 16  # tokens of a text, of which the first few may be sinks


def ordinary_norms(loaded: LoadedModel, sample: TokenizedPrompts, n_tokens: int) -> np.ndarray:
    """The median norm of the residual stream after each block, float32 [layers].

    Over all tokens of some texts of `n_tokens` tokens or a few more, the first ones too. Raises
    KnError where a norm is no number.
    """
    import torch

    texts = _texts(loaded, sample.ids, n_tokens)
    norms = Norms()
    with torch.inference_mode(), capturing(loaded.parts, residuals=lambda _, r: norms.take(r)):
        forward(loaded, texts)
    found = norms.found()
    refuse_norms(found, np.ones(len(found), bool), [])
    return medians(found)


def _texts(loaded: LoadedModel, ids: np.ndarray, n_tokens: int) -> np.ndarray:
    """Texts cut evenly out of tokens, int64 [texts, length]."""
    plain = ids[~np.isin(ids, loaded.tokenizer.all_special_ids)]
    ids = plain if len(plain) else ids
    length = min(max(n_tokens, _LEAST), loaded.parts.context, len(ids))
    whole = ids[: len(ids) - len(ids) % length].reshape(-1, length)
    n = max(1, min(len(whole), _TOKENS // length))
    return whole[np.linspace(0, len(whole) - 1, n).astype(int)].astype(np.int64)
