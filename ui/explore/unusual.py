"""How unusual a prompt's values are for their neurons, and which neurons fire nearly always."""

from __future__ import annotations

from typing import Any

import numpy as np

from kn_assets.database.database import Database
from ui.pack import pack
from ui.rows import Answer, columns, missing_tables, rows, waits_for

_UNUSUAL = """
SELECT share_of_prompts FROM unusual($1, $2)
ORDER BY position, layer, abs(activation) DESC, neuron
"""
_OF_VALUES = """
SELECT n_prompts FROM peaks_at_least($1, $2::INTEGER[], $3::INTEGER[], $4::FLOAT[]) ORDER BY place
"""

Array = np.ndarray[Any, Any]


def of_prompt(database: Database, model: str, prompt: int) -> Answer:
    """`share` of the atlas' prompts in which a neuron peaks at least as high, for all that fired.

    float32 in the order of the prompt's `fired`; null where `missing` says why.
    """
    if missing := _missing(database, model):
        return missing
    found = columns(database, _UNUSUAL, model, prompt)
    return {"share": pack(found["share_of_prompts"].astype(np.float32), "f4"), "missing": {}}


def of_values(
    database: Database, model: str, n_prompts: int, layer: Array, neuron: Array, activation: Array
) -> Answer:
    """The same for values that the atlas doesn't hold: layer, neuron, activation [n] each."""
    if missing := _missing(database, model):
        return missing
    lists = (values.tolist() for values in (layer, neuron, activation))
    found = columns(database, _OF_VALUES, model, *lists)
    share = found["n_prompts"].astype(np.float32) / max(1, n_prompts)
    return {"share": pack(share.astype(np.float32), "f4"), "missing": {}}


def always_on(database: Database, model: str) -> Answer:
    """`neurons`: [layer, neuron] pairs of those that fire at over a tenth of all tokens."""
    if names := missing_tables(database, model, "neurons"):
        return {"neurons": [], "missing": {"neurons": waits_for(database, model, names)}}
    found = rows(database, "SELECT layer, neuron FROM always_on($1)", model)
    return {"neurons": [[row["layer"], row["neuron"]] for row in found], "missing": {}}


def _missing(database: Database, model: str) -> Answer | None:
    names = missing_tables(database, model, "neuron_peaks", "neurons", "activations")
    return (
        {"share": None, "missing": {"unusual": waits_for(database, model, names)}}
        if names
        else None
    )
