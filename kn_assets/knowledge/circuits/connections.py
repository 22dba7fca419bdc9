"""How a fact's units hang together, on the prompt that they were chosen on, beside its first
contrast: what its heads bring from where to where, and what each unit gives to later ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kn_assets.knowledge.circuits.choose import Chosen
    from kn_assets.knowledge.circuits.choosing import Estimated
    from kn_assets.knowledge.circuits.edges import Edge
    from kn_assets.knowledge.circuits.whole_prompt import WholePrompt

OF_CONNECTIONS = ("circuit_heads", "attention_knockout", "circuit_edges")
UNITS = 100
"""Units of a circuit between which edges are told, the strongest; beside them the heads."""
MEASURED = 20
"""Edges whose effect is measured, the strongest."""
Row = dict[str, Any]


def connections(
    fact: int, own: Estimated, circuit: Sequence[Chosen], tokens: Sequence[str]
) -> dict[str, list[Row]]:
    """Rows of a fact, by table of `OF_CONNECTIONS`; no edges where relevance isn't conserved.

    circuit: its units, the strongest first. Raises KnError as `knocked_out`.
    """
    from kn_assets.knowledge.circuits import attended
    from kn_assets.knowledge.circuits.choose import units_at
    from kn_assets.knowledge.circuits.edges import edges
    from kn_assets.knowledge.circuits.path_patching import path_effects
    from kn_assets.knowledge.circuits.relevance import total_gradients
    from kn_assets.knowledge.circuits.split import Split

    pair, asked = own.pairs[0], own.compared.asked
    base = {"fact_id": fact, "prompt": asked.question.prompt}
    split, gradients = Split.of(pair.clean), total_gradients(pair)
    found = attended.attended(pair, split, gradients)
    heads = attended.head_units(found, own.mean)
    kept: list[Edge] = []
    if gradients is not None:
        units = [*units_at(circuit[:UNITS], asked.roles), *heads]
        kept = edges(pair, split, gradients, units).strongest()
    measured = path_effects(pair, kept[:MEASURED]).tolist()
    rows = {
        "circuit_heads": attended.head_rows(found, heads, tokens),
        "attention_knockout": attended.knockout_rows(pair, asked.roles, heads),
        "circuit_edges": [
            edge_row(rank, one, measured[rank] if rank < len(measured) else None, pair.clean)
            for rank, one in enumerate(kept)
        ],
    }
    return {name: [{**base, **row} for row in of_table] for name, of_table in rows.items()}


def edge_row(rank: int, edge: Edge, effect: float | None, clean: WholePrompt) -> Row:
    """A row of `circuit_edges`, without fact and prompt. The answer is behind the last layer."""
    one, other = edge.earlier, edge.later
    return {
        "rank": rank + 1,
        "earlier_kind": one.kind,
        "earlier_layer": one.layer,
        "earlier_unit": one.unit,
        "earlier_position": one.position,
        "later_kind": other.kind if other else "answer",
        "later_layer": other.layer if other else clean.parts.n_layers,
        "later_unit": other.unit if other else -1,
        "later_position": other.position if other else len(clean.ids) - 1,
        "score": edge.score,
        "effect": effect,
    }
