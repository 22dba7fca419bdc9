"""What lenses read of a prompt after each layer, and how far each is from the model's output."""

from __future__ import annotations

from typing import Any

import numpy as np

from kn_assets.atlas import lazy_lens
from kn_assets.atlas.linear_lens import QUALITY, TRANSLATORS
from kn_assets.database.database import Database
from kn_assets.errors import KnError
from kn_assets.lake import model as partition
from ui.pack import pack_lens
from ui.rows import Answer, columns, missing_tables, rows, waits_for

RANKS = 5
_MACROS = {"logit": "lens", "linear": "linear_lens", "middle": "middle_lens"}


def read(
    database: Database, model: str, prompt: int, n_tokens: int, n_layers: int, lens: str = "logit"
) -> dict[str, Any]:
    """What the atlas holds of a lens of a prompt, packed."""
    found = columns(
        database,
        f"""
        SELECT position, layer, rank, token, probability,
            coalesce(next_probability, 0) AS next_probability, coalesce(next_rank, 0) AS next_rank
        FROM {_MACROS[lens]}($1, $2) WHERE rank <= $3
        """,
        model,
        prompt,
        RANKS,
    )
    words, word = np.unique(found["token"].astype(str), return_inverse=True)
    shape = (n_tokens, n_layers)
    at = (found["position"].astype(int), found["layer"].astype(int))
    ranked = (*at, found["rank"].astype(int) - 1)
    ids = np.zeros((*shape, RANKS), dtype=np.int64)
    ids[ranked] = word
    probabilities = np.zeros((*shape, RANKS), dtype=np.float32)
    probabilities[ranked] = found["probability"]
    next_probability = np.zeros(shape, dtype=np.float32)
    next_probability[at] = found["next_probability"]
    next_rank = np.zeros(shape, dtype=np.int64)
    next_rank[at] = found["next_rank"]
    return pack_lens(words.tolist(), ids, probabilities, next_probability, next_rank)


def stored(
    database: Database, model: str, prompt: int, n_layers: int, lens: str
) -> dict[str, Any] | None:
    """What the atlas holds of another lens of a prompt, packed; None where it is to be computed."""
    lake, atlas = database.lake, partition(model)
    is_here = not missing_tables(database, model, lazy_lens.READINGS)
    if not is_here or lazy_lens.waits(lake, atlas, prompt, lens):
        return None
    sql = "SELECT count(*) AS n FROM prompt_tokens($1, $2)"
    n_tokens = rows(database, sql, model, prompt)[0]["n"]
    return read(database, model, prompt, n_tokens, n_layers, lens) if n_tokens else None


def check_has(database: Database, model: str, lens: str) -> None:
    """Raise KnError where an atlas has no linear lens yet, and one is asked for."""
    if lens == "linear" and (missing := missing_tables(database, model, TRANSLATORS)):
        raise KnError(waits_for(database, model, missing))


def distances(database: Database, model: str) -> Answer:
    """How far each lens is from the model after each layer; which table is missing."""
    if missing := missing_tables(database, model, QUALITY):
        return {"rows": [], "missing": {"lens": waits_for(database, model, missing)}}
    return {"rows": rows(database, "FROM lens_distances($1)", model), "missing": {}}
