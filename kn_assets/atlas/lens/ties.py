"""Tokens that tie whatever the hidden state: those with equal rows in the unembedding.

Padded vocabularies, tokens that no training text held and heads of zeros have them. That rows are
equal is told by a 64-bit hash of each.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Ties:
    """keys: int64 [vocabulary], the same for tokens that tie; sizes: int64 [vocabulary], how many
    tie with each, itself counted.
    """

    keys: Tensor
    sizes: Tensor


_last: dict[str, tuple[weakref.ref[Tensor], int, Ties]] = {}


def ties(weight: Tensor) -> Ties:
    """The ties of a matrix [vocabulary, d_model] on the CPU, bfloat16 or float32.

    Those of the last matrix are remembered until it is changed.
    """
    version = 0 if weight.is_inference() else weight._version
    last = _last.get("matrix")
    if last is None or last[0]() is not weight or last[1] != version:
        last = _last["matrix"] = weakref.ref(weight), version, _found(weight)
    return last[2]


def _found(weight: Tensor) -> Ties:
    import torch

    from kn_assets.atlas.lens.terms import hashed

    keys = hashed(weight)
    _, group, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return Ties(torch.from_numpy(keys.view(np.int64)), torch.from_numpy(counts[group]))
