"""How a circuit's units hang together: rows of the Circuit tab's arcs, edges and heads."""

from __future__ import annotations

from kn_assets.database.database import Database
from kn_assets.knowledge.circuits.connections import OF_CONNECTIONS
from ui.rows import Answer, missing_tables, rows

_EDGES = """
SELECT earlier_kind, earlier_layer, earlier_unit, earlier_position, later_kind, later_layer,
    later_unit, later_position, score, effect
FROM fact_edges($1, $2)
"""
_OF_HEAD = ("layer", "head", "position", "written", "estimate", "effect", "lost")
_OF_SOURCE = ("source_position", "weight", "direct", "relevance")


def connections(database: Database, model: str, fact: int) -> Answer:
    """`heads` by source token, `knockout` by window of layers, and `edges` between units; all are
    empty for circuits that were made before these tables were.
    """
    if missing_tables(database, model, *OF_CONNECTIONS):
        return {"heads": [], "knockout": [], "edges": []}
    return {
        "heads": _heads(rows(database, "FROM fact_heads($1, $2)", model, fact)),
        "knockout": rows(database, "FROM fact_knockout($1, $2)", model, fact),
        "edges": rows(database, _EDGES, model, fact),
    }


def _heads(found: list[Answer]) -> list[Answer]:
    """Each head once, with what it brings from each token as `sources`, the largest first."""
    by_head: dict[tuple[object, ...], Answer] = {}
    for row in found:
        key = tuple(row[name] for name in _OF_HEAD[:3])
        head = by_head.setdefault(key, {**{n: row[n] for n in _OF_HEAD}, "sources": []})
        head["sources"].append({name: row[name] for name in _OF_SOURCE})
    return list(by_head.values())
