"""Estimates by name: one signature for all methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kn_assets.errors import KnError
from kn_assets.knowledge.circuits.units import UnitScores

if TYPE_CHECKING:
    from kn_assets.knowledge.circuits.pair import Pair


def estimate(
    method: str, pairs: Sequence[Pair], midpoints: int = 8
) -> tuple[list[UnitScores], float | None]:
    """The scores of each pair of one clean prompt; of relevance also its conservation error.

    Raises KnError where a gradient isn't finite, or relevance isn't conserved: then this model
    can't be linearized so.
    """
    from kn_assets.knowledge.circuits import gradients, last_only
    from kn_assets.knowledge.circuits.relevance import relevance

    if method == "integrated":
        return gradients.integrated(pairs, midpoints), None
    if method == "gradient":
        return gradients.gradient(pairs), None
    if method == "logprob":
        return last_only.logprob(pairs), None
    if method == "last_token":
        return last_only.last_token(pairs), None
    found = relevance(pairs)
    if not found.conserved:
        raise KnError(
            f"relevance isn't conserved in this model (its sources miss {found.error:.1%} of the "
            "logit difference), so it can't be linearized this way: use --method integrated"
        )
    return found.scores, found.error
