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
COMMON = 0.01
"""Share of an atlas' neurons beyond which a token on their lists tells nothing of one: tokens that
a model was hardly trained on are on thousands of lists."""
FEW = 100
"""Neurons that may have a token in common however small a model is."""
_COMMON = """
SELECT t.token
FROM neuron_vocabulary_linear AS t JOIN atlases AS a ON a.model = t.model
WHERE t.model = $1 AND t.token IN (SELECT unnest($2::VARCHAR[]))
GROUP BY t.token, a.n_layers, a.n_neurons
HAVING count(*) > greatest($4, $3 * a.n_layers::BIGINT * a.n_neurons) ORDER BY t.token
"""


def promoted(database: Database, model: str, nodes: str) -> Answer:
    """The tokens that each neuron of some units promotes and suppresses most, as `neurons`, and as
    `common` those of them that over `COMMON` of all neurons have. Heads have none. Where the table
    isn't there, `missing` says what makes it.

    Raises KnError for `nodes` that are no names of units, see `ui.circuit.own.units`.
    """
    asked = sorted({(layer, unit) for kind, layer, _, unit in units(nodes) if kind == "neuron"})
    if missing_tables(database, model, TABLE):
        return {"neurons": [], "common": [], "missing": waits_for(database, model, [TABLE])}
    if not asked:
        return {"neurons": [], "common": []}
    layers, neurons = (list(column) for column in zip(*asked, strict=True))
    found = rows(database, _WORDS, model, layers, neurons)
    tokens = {t for row in found for side in ("promoted", "suppressed") for t in row[side] or ()}
    common = rows(database, _COMMON, model, sorted(tokens), COMMON, FEW)
    return {"neurons": found, "common": [row["token"] for row in common]}
