"""What neurons of a circuit promote, by the linear lens, which reads early layers too."""

from __future__ import annotations

from kn_assets.database.database import Database
from ui.circuit.own import units
from ui.rows import Answer, missing_tables, rows, waits_for

TABLE = "neuron_vocabulary_linear"
_WORDS = """
SELECT layer, neuron,
    list(token ORDER BY rank) FILTER (sign = 1) AS promoted,
    list(token ORDER BY rank) FILTER (sign = -1) AS suppressed
FROM neuron_vocabulary_linear
WHERE model = $1
    AND (layer, neuron) IN (SELECT (unnest($2::INTEGER[]), unnest($3::INTEGER[])))
GROUP BY layer, neuron ORDER BY layer, neuron
"""


def promoted(database: Database, model: str, nodes: str) -> Answer:
    """The tokens that each neuron of some units promotes and suppresses most, as `neurons`; heads
    have none. Where the table isn't there, `missing` says what makes it.

    Raises KnError for `nodes` that are no names of units, see `ui.circuit.own.units`.
    """
    asked = sorted({(layer, unit) for kind, layer, _, unit in units(nodes) if kind == "neuron"})
    if missing_tables(database, model, TABLE):
        return {"neurons": [], "missing": waits_for(database, model, [TABLE])}
    if not asked:
        return {"neurons": []}
    layers, neurons = (list(column) for column in zip(*asked, strict=True))
    return {"neurons": rows(database, _WORDS, model, layers, neurons)}
