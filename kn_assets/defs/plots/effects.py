"""Effect of interventions on a fact's answer, with all controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kn_assets.defs.plots.canvas import (
    ACCENT,
    CATEGORIES,
    DARK,
    INK,
    MID,
    OTHER,
    canvas,
    labelled,
    legend,
    plain,
    titled,
)
from kn_assets.knowledge.effects import ALL_RELATIONS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kn_assets.defs.plots.source import Source

_MOST = 7  # relations beside all of them
_COLOURS = {
    "knowledge_neurons": DARK,
    "final_checkpoint": CATEGORIES[3],
    "other_fact": ACCENT,
    "same_subject": CATEGORIES[1],
    "activation_matched": MID,
    "random": OTHER,
}
_NAMES = {
    "knowledge_neurons": "knowledge neurons",
    "final_checkpoint": "final checkpoint",
    "other_fact": "other fact",
    "same_subject": "same subject",
    "activation_matched": "activation-matched",
    "random": "random",
}
_KINDS = {"suppress": "suppressed", "amplify": "amplified"}


def intervention_effects(source: Source) -> Figure | None:
    """The change of each relation's answers under each condition, with its 95 % interval."""
    columns = source.read(
        "relation", "kind", "condition", "n_facts", "relative_change", "ci_low", "ci_high"
    )
    rows = list(zip(*(c.tolist() for c in columns), strict=True))
    facts: dict[str, int] = {}
    for relation, _, _, n, *_ in rows:
        facts[relation] = max(n, facts.get(relation, 0))
    some = sorted(set(facts) - {ALL_RELATIONS}, key=lambda r: -facts[r])[:_MOST]
    shown = [ALL_RELATIONS, *sorted(some)]
    conditions = [c for c in _COLOURS if any(c == row[2] for row in rows)]
    figure, axes = canvas(len(_KINDS))
    for ax, (kind, word) in zip(axes, _KINDS.items(), strict=True):
        for i, condition in enumerate(conditions):
            mine = {r: rest for r, k, c, _, *rest in rows if (k, c) == (kind, condition)}
            at = [j for j, relation in enumerate(shown) if relation in mine]
            change, low, high = 100 * np.array([mine[shown[j]] for j in at], float).reshape(-1, 3).T
            y = np.array(at) + 0.7 * ((i + 0.5) / len(conditions) - 0.5)
            colour = _COLOURS[condition]
            ax.hlines(y, low, high, color=colour, linewidth=1.4)
            ax.plot(change, y, "o", color=colour, markersize=3.5, label=_NAMES[condition])
        ax.axvline(0, color=INK, linewidth=0.8)
        ax.set_ylim(len(shown) - 0.5, -0.5)
        ax.set_yticks(range(len(shown)), [plain(r) if ax is axes[0] else "" for r in shown])
        labelled(ax, f"change if {word} (%)", "relation" if ax is axes[0] else " ")
    legend(axes[-1], loc="center left", bbox_to_anchor=(1.0, 0.5))
    what = f"effect of interventions on the answers of {facts.get(ALL_RELATIONS, 0):,} facts"
    titled(figure, source.partition.key, f"{what}, 95 % intervals")
    return figure
