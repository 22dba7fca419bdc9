"""From which tokens to which a fact's strongest heads carry its answer, and what is lost without.

A head's pattern says where it looks; what it brings from there is the weight times what the value
does for the answer. *Direct* is what it writes toward the answer itself, at the last token
(direct logit attribution); *relevance* is what it does through all later units, at any token. Both
are split by source token. The measured check is attention knockout: of the last token from the
subject in windows of layers, as in Geva et al. 2023 (arXiv 2304.14767), of each of the heads alone,
and of other tokens in all layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from kn_assets.knowledge.circuits.knockout import Cut, knocked_out
from kn_assets.knowledge.circuits.roles import Roles
from kn_assets.knowledge.circuits.units import Unit, UnitScores

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.knowledge.circuits.pair import Pair
    from kn_assets.knowledge.circuits.split import Split

STRONGEST = 12
"""Heads by the estimate, at any token."""
WRITING = 6
"""Heads by what they write toward the answer at the last token."""
Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Attended:
    """Of L layers, H heads and T tokens, query then source: float32 [L, H, T, T].

    weights: attention; direct: toward the logit difference, 0 but at the last token; relevance:
    through later units, None where relevance isn't conserved in this model. total: what all direct
    contributions sum to, heads and others.
    """

    weights: np.ndarray
    direct: np.ndarray
    relevance: np.ndarray | None
    total: float

    @property
    def written(self) -> np.ndarray:
        """What each head writes toward the answer at the last token: [L, H]."""
        return np.asarray(self.direct[:, :, -1].sum(-1))


def attended(pair: Pair, split: Split, gradients: Sequence[Tensor] | None) -> Attended:
    """All heads of a pair's clean prompt.

    split: of that prompt; gradients: of `total_gradients`, None where relevance isn't conserved.
    """
    direct, n = split.direct(pair), pair.clean.parts.n_layers
    return Attended(
        _array(split.weights()),
        _array(split.by_source(direct.heads())),
        None if gradients is None else _array(split.by_source(gradients[1 : 1 + n])),
        direct.total(),
    )


def head_units(found: Attended, scores: UnitScores) -> list[Unit]:
    """The heads that are told of: the strongest by the estimate, then those that write most toward
    the answer, each once.
    """
    last = found.direct.shape[-1] - 1
    written = np.abs(found.written)
    most = np.argsort(-written, axis=None, kind="stable")[:WRITING]
    writing = [np.unravel_index(int(i), written.shape) for i in most]
    units = [u for u in scores.strongest(STRONGEST, ("head",)) if scores.score(u)]
    return list(dict.fromkeys([*units, *(Unit("head", int(a), last, int(b)) for a, b in writing)]))


def head_rows(found: Attended, units: Sequence[Unit], tokens: Sequence[str]) -> list[Row]:
    """Rows of `circuit_heads`, without fact and prompt."""
    return [
        {
            "layer": one.layer,
            "head": one.unit,
            "position": one.position,
            "source_position": source,
            "source_token": tokens[source],
            "weight": float(found.weights[one.layer, one.unit, one.position, source]),
            "direct": float(found.direct[one.layer, one.unit, one.position, source]),
            "relevance": None
            if found.relevance is None
            else float(found.relevance[one.layer, one.unit, one.position, source]),
        }
        for one in units
        for source in range(one.position + 1)
    ]


def window_of(n_layers: int) -> int:
    """Layers of a window: about a fifth of the model's, an odd number (Geva et al.: 9 of 48)."""
    return max(1, n_layers // 5) | 1


def windows_of(n_layers: int) -> list[tuple[int, int]]:
    """First and last layers of windows, a step of half a window apart, cut at both ends."""
    half = window_of(n_layers) // 2
    middles = sorted({*range(0, n_layers, max(1, half)), n_layers - 1})
    return [(max(0, i - half), min(n_layers - 1, i + half)) for i in middles]


def knockout_rows(pair: Pair, roles: Roles, units: Sequence[Unit]) -> list[Row]:
    """Rows of `attention_knockout`, without fact and prompt. Raises KnError as `knocked_out`."""
    asked = [*_windows(pair.clean.parts.n_layers, roles), *_of_heads(units, roles)]
    logits = knocked_out(pair.clean, [cut for _, _, cut in asked])
    after = pair.metric(logits).double().cpu().numpy()
    before = pair.difference
    return [
        {
            "first_layer": cut.first,
            "last_layer": cut.last,
            "head": cut.head,
            "position": cut.positions[0],
            "from_role": one,
            "to_role": other,
            "difference_before": before,
            "difference_after": float(left),
            "lost": (before - float(left)) / before if before else None,
        }
        for (one, other, cut), left in zip(asked, after, strict=True)
    ]


def _windows(n_layers: int, roles: Roles) -> list[tuple[str, str, Cut]]:
    """From the last token to others in each window of layers, and more in all layers."""
    last: tuple[int, ...] = (roles.n - 1,)
    subject = tuple(range(roles.start, min(roles.end, roles.n - 1)))
    other = tuple(i for i in range(roles.n - 1) if i not in subject)
    asked = [tuple(range(roles.end, roles.n - 1)), (roles.end - 1,), last]
    windows = windows_of(n_layers)
    everywhere = (0, n_layers - 1)
    wanted = [
        ("last", to, w, last, s)
        for w in windows
        for to, s in (("subject", subject), ("other", other))
    ]
    wanted += [
        ("last", "subject", everywhere, last, subject),
        ("last", "other", everywhere, last, other),
        ("relation", "subject", everywhere, asked[0], subject),
        ("subject last", "subject", everywhere, asked[1], subject[:-1]),
    ]
    found = [
        (one, to, Cut(*window, positions, sources))
        for one, to, window, positions, sources in wanted
        if positions and sources and roles.end < roles.n
    ]
    return list(dict.fromkeys(found))


def _of_heads(units: Sequence[Unit], roles: Roles) -> list[tuple[str, str, Cut]]:
    """Each head alone, from its token to the subject's tokens before it."""
    found: list[tuple[str, str, Cut]] = []
    for one in units:
        sources = tuple(range(roles.start, min(roles.end, one.position)))
        if sources:
            cut = Cut(one.layer, one.layer, (one.position,), sources, one.unit)
            found.append((roles.role(one.position), "subject", cut))
    return found


def _array(by_layer: Sequence[torch.Tensor]) -> np.ndarray:
    return torch.stack(list(by_layer)).float().cpu().numpy()
