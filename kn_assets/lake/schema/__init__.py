"""Every table of the lake: its columns with their types and meanings, and what partitions it.

One registry serves the writers (Parquet schemas), the database (views over whatever files exist),
Dagster (column schemas in the asset metadata) and the README. Two kinds of partition exist:
`corpus` tables lie under `corpus/corpus=<name>/<table>/`, `model` tables under
`atlas/model=<key>/<table>/`. The partition column itself is in the path, not in the files.
"""

from __future__ import annotations

from kn_assets.lake.schema import (
    asked,
    asked_circuits,
    atlas,
    circuits,
    connections,
    descriptions,
    knowledge,
    lenses,
    maps,
    scorecards,
    steps,
    verdicts,
)
from kn_assets.lake.schema.table import Column, Kind, Table

__all__ = [
    "ALL",
    "ASKED",
    "ASKED_CIRCUITS",
    "ATLAS_TABLES",
    "CIRCUITS",
    "KNOWLEDGE",
    "STEPS",
    "TABLES",
    "Column",
    "Kind",
    "Table",
]

TABLES: dict[str, Table] = {
    t.name: t for t in (*atlas.TABLES, *lenses.TABLES, *descriptions.TABLES, *maps.TABLES)
}
"""The tables of a corpus and its atlases by name."""

ATLAS_TABLES = tuple(t.name for t in TABLES.values() if t.kind == "model")
"""The names of an atlas' tables, in an order in which they can be made."""

KNOWLEDGE: dict[str, Table] = {t.name: t for t in (*knowledge.TABLES, *verdicts.TABLES)}
"""The tables about facts, made after an atlas and apart from it."""

CIRCUITS: dict[str, Table] = {
    t.name: t for t in (*circuits.TABLES, *connections.TABLES, *scorecards.TABLES)
}
"""The tables about circuits of facts."""

STEPS: dict[str, Table] = {t.name: t for t in steps.TABLES}
"""The tables about a model's training, made from the atlases of its steps."""

ASKED: dict[str, Table] = {t.name: t for t in asked.TABLES}
"""The tables about facts asked on demand, to which files come one by one."""

ASKED_CIRCUITS: dict[str, Table] = {t.name: t for t in asked_circuits.TABLES}
"""The tables about circuits of one's own sentences, to which files come one by one."""

ALL: dict[str, Table] = {
    **TABLES,
    **KNOWLEDGE,
    **CIRCUITS,
    **STEPS,
    **ASKED,
    **ASKED_CIRCUITS,
}
"""All tables by name."""
