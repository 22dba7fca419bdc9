"""The tables about interventions on a circuit's neurons where they stand: those of interventions at
the last token, of another set of neurons."""

from __future__ import annotations

from kn_assets.lake.schema import knowledge, verdicts
from kn_assets.lake.schema.table import Table

_AT_LAST = {t.name: t for t in (*knowledge.TABLES, *verdicts.TABLES)}


def _of_circuits(name: str, like: str, meaning: str) -> Table:
    at_last = _AT_LAST[like]
    return Table(name, "model", meaning, at_last.columns, at_last.key)


TABLES = (
    _of_circuits(
        "circuit_interventions",
        "interventions",
        "Each answer before and after a circuit's neurons were changed, each at its own place; in "
        "prompts that none was chosen on. Those of a fact have the condition knowledge_neurons.",
    ),
    _of_circuits(
        "circuit_fact_effects",
        "fact_effects",
        "Effect of those interventions on each fact in log-odds, with 95 % intervals.",
    ),
    _of_circuits(
        "circuit_verdicts",
        "verdicts",
        "Verdicts on those interventions on each fact, by the same rule.",
    ),
    _of_circuits(
        "circuit_relation_verdicts",
        "relation_verdicts",
        "The same over the known facts of each relation.",
    ),
)
