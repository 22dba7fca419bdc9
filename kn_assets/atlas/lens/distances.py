"""How far a lens is from the model's own output: the Kullback-Leibler divergence by layer.

KL(model || lens), in nats, mean over tokens (Belrose et al. 2023, arXiv 2303.08112): 0 where a
lens says what the model says. Beside it how often both have the same likeliest token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.atlas.lens.translators import Translators
    from kn_assets.models.parts import Parts

_ROWS = 128  # tokens whose logits are in memory at once: 25 MB for each copy of 49,152


@dataclass(frozen=True)
class Distance:
    """kl: float32 [tokens], nats; agrees: bool [tokens], whether both' likeliest token is one."""

    kl: np.ndarray
    agrees: np.ndarray


class Distances:
    """Takes the streams of some tokens, gives each lens' distances by layer: `of[lens][layer]`."""

    def __init__(self, parts: Parts, translators: Translators) -> None:
        self._parts, self._translators = parts, translators
        layers = range(parts.n_layers)
        self._found: dict[str, list[list[Distance]]] = {
            lens: [[] for _ in layers] for lens in ("logit", "linear")
        }

    def take(self, streams: Sequence[Tensor]) -> None:
        """Take some tokens: their stream after each layer, each [tokens, d_model]."""
        for start in range(0, len(streams[-1]), _ROWS):
            rows = [stream[start : start + _ROWS] for stream in streams]
            own = self._log_probabilities(rows[-1])
            for layer, stream in enumerate(rows):
                plain = distance(own, self._log_probabilities(stream))
                self._found["logit"][layer].append(plain)
                translated = self._translators.translated(layer, stream)
                same = translated is stream
                self._found["linear"][layer].append(
                    plain if same else distance(own, self._log_probabilities(translated))
                )

    def of(self, lens: str, layer: int) -> Distance:
        """What was found of a lens after a layer, over all tokens taken."""
        found = self._found[lens][layer]
        return Distance(
            np.concatenate([one.kl for one in found] or [np.empty(0, np.float32)]),
            np.concatenate([one.agrees for one in found] or [np.empty(0, bool)]),
        )

    def _log_probabilities(self, stream: Tensor) -> Tensor:
        return self._parts.logits(stream).float().log_softmax(-1)


def distance(own: Tensor, read: Tensor) -> Distance:
    """own, read: log-probabilities of the model and of a lens, float32 [tokens, vocabulary]."""
    from torch.nn.functional import kl_div

    kl = kl_div(read, own, reduction="none", log_target=True).sum(-1)
    agrees = own.argmax(-1) == read.argmax(-1)
    return Distance(kl.cpu().numpy(), agrees.cpu().numpy())
