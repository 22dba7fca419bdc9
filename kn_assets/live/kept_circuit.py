"""The circuit of a sentence of one's own as rows of the tables that keep it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from kn_assets.knowledge.circuits.own import OwnPair, Typed
from kn_assets.lake import Lake, Partition, asked
from kn_assets.lake.schema import ASKED_CIRCUITS

Row = dict[str, Any]


def own_id(typed: Typed) -> int:
    """The fact_id under which a sentence with its contrast is kept: below 0."""
    return asked.own_id(typed.text, typed.answer, typed.contrast, typed.contrast_answer)


def keep_circuit(
    lake: Lake,
    atlas: Partition,
    typed: Typed,
    own: OwnPair,
    found: dict[str, Any],
    made_of: str,
) -> int:
    """Put a circuit into the lake; gives its fact_id.

    found: what `LiveCircuits.circuit` answers: `units`, `cells`, `curves`, `n_units`, `seconds`.
    made_of: `asked.identity` when it began. Raises KnError where that is another now.
    """
    fact = own_id(typed)
    about = {
        "fact_id": fact,
        "text": typed.text,
        "contrast": typed.contrast,
        "answer": typed.answer,
        "contrast_answer": typed.contrast_answer,
        "answer_token": own.answer.token,
        "against_token": own.against.token,
        "difference": own.pair.difference,
        "n_units": found["n_units"],
        "seconds": found["seconds"],
    }
    cells = [{"unit": -1, "effect": None, "rank": None, **cell} for cell in found["cells"]]
    units = [
        {
            **row,
            "fact_id": fact,
            "token": own.tokens[row["position"]],
            "role": own.roles.role(row["position"]),
        }
        for row in [*found["units"], *cells]
    ]
    curves = [{**row, "fact_id": fact} for row in found["curves"]]
    rows = {
        "units": _table("asked_units", units),
        "curves": _table("asked_curves", curves),
    }
    asked.keep(lake, atlas, about, rows, made_of, asked.OF_CIRCUITS)
    return fact


def _table(name: str, rows: Sequence[Row]) -> pa.Table:
    """Rows without the name of their asking, which comes as they are kept."""
    schema = ASKED_CIRCUITS[name].schema
    return pa.Table.from_pylist(list(rows), schema.remove(schema.get_field_index("run")))
