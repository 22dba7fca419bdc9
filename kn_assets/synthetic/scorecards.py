"""Made-up interventions on circuits: those at the last token again, with a larger effect of the
fact's own neurons, judged by the real rule."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pyarrow as pa

from kn_assets.knowledge import verdict_tables
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import CIRCUITS

_CHANGED = 30  # neurons
_LEFT = 0.4  # of what suppression at the last token leaves


def add_scorecards(
    lake: Lake,
    model: Partition,
    made: dict[str, list[dict[str, Any]]],
    facts: pa.Table,
    known: Collection[int],
) -> None:
    """Add the rows of the tables about interventions to those `made` of circuits: of their facts,
    without the prompt that units were chosen on.
    """
    chosen_on = {
        row["fact_id"]: row["prompt"] for row in made["contrasts"] if row["purpose"] == "choose"
    }
    rows = []
    for row in lake.read(model, "interventions").to_pylist():
        is_held_out = (row["prompt_fact_id"], row["prompt"]) != (
            row["fact_id"],
            chosen_on.get(row["fact_id"]),
        )
        if row["fact_id"] in chosen_on and is_held_out and row["condition"] != "final_checkpoint":
            left = row["probability_after"]
            if (row["condition"], row["kind"]) == ("knowledge_neurons", "suppress"):
                left *= _LEFT
            rows.append({**row, "n_neurons": _CHANGED, "probability_after": left})
    made["circuit_interventions"] = rows
    table = pa.Table.from_pylist(rows, schema=CIRCUITS["circuit_interventions"].schema)
    judged = verdict_tables.tables(table, facts, known)
    names = ("circuit_fact_effects", "circuit_verdicts", "circuit_relation_verdicts")
    for name, of_name in zip(names, judged, strict=True):
        made[name] = of_name.to_pylist()
