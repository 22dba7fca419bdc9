"""The prompts of an atlas, and all that the middle pane shows of one.

Plain functions of a `Database` and validated arguments, asked through the SQL macros and packed for
the browser. Where a table of the atlas isn't there yet, the rest is answered and `missing` says, by
part, which table it waits for.
"""

from __future__ import annotations

from typing import Any

from kn_assets.atlas import lazy_lens
from kn_assets.database.database import Database
from kn_assets.errors import KnError
from kn_assets.lake import model as partition
from ui.explore import lenses
from ui.pack import pack_fired
from ui.rows import Answer, columns, missing_tables, rows, waits_for

_SEARCH = """
SELECT prompt_id, name, country, population, is_capital, text[:160] AS text, found_as,
    count(*) OVER () AS total
FROM search_prompts($1, $2) LIMIT $3 OFFSET $4
"""
_BY_TOKENS = """
SELECT prompt_id, NULL AS name, NULL AS country, NULL AS population, NULL AS is_capital,
    text[:160] AS text, NULL AS found_as, count(*) OVER () AS total
FROM search_texts($1, $2) LIMIT $3 OFFSET $4
"""
_CONCEPTS = "FROM search_concepts($1, $2, $3)"
CONCEPTS, CONCEPT_NEURONS = 3, 3  # values a text may name, and neurons shown of each


# -- prompts ---------------------------------------------------------------------------------


def search(database: Database, model: str, text: str, offset: int, limit: int) -> Answer:
    """Prompts of the atlas whose city, country or text matches, best first.

    Where the corpus is gone, prompts are found by their tokens.
    """
    there = {name for name, _, _ in database.stamp}
    if gone := [name for name in ("cities", "prompts") if name not in there]:
        found = rows(database, _BY_TOKENS, model, text.strip(), limit, offset)
        return {**_page(found), "missing": waits_for(database, model, gone, "This lake")}
    return _page(rows(database, _SEARCH, model, text, limit, offset))


def _page(found: list[Answer]) -> Answer:
    total = found[0]["total"] if found else 0
    for row in found:
        del row["total"]
    return {"rows": found, "total": total}


def concepts(database: Database, model: str, text: str) -> Answer:
    """Values such as a country that a text names, and the neurons that mark each most surely.

    None for a text of one letter, and while the atlas has no table of concepts.
    """
    if len(text.strip()) < 2 or missing_tables(database, model, "neuron_concepts"):
        return {"concepts": []}
    found: dict[tuple[str, str], list[Answer]] = {}
    for row in rows(database, _CONCEPTS, model, text, CONCEPT_NEURONS):
        found.setdefault((row.pop("attribute"), row.pop("value")), []).append(row)
    return {
        "concepts": [
            {"attribute": attribute, "value": value, "neurons": neurons}
            for (attribute, value), neurons in list(found.items())[:CONCEPTS]
        ]
    }


def has_prompt(database: Database, model: str, prompt: int) -> Answer:
    """Whether the atlas `has` the prompt; of one that it hasn't, the `nearest` that it has."""
    if rows(database, "FROM prompt_tokens($1, $2) LIMIT 1", model, prompt):
        return {"has": True, "nearest": prompt}
    found = rows(
        database,
        """
        SELECT prompt_id FROM tokens WHERE model = $1 AND position = 0
        ORDER BY abs(CAST(prompt_id AS BIGINT) - $2), prompt_id LIMIT 1
        """,
        model,
        prompt,
    )
    return {"has": False, "nearest": found[0]["prompt_id"] if found else None}


# -- the middle pane ---------------------------------------------------------------------------


def prompt(database: Database, model: str, prompt: int, n_layers: int) -> Answer:
    """All of a prompt that the middle pane draws, so that moving the token asks nothing.

    `fired` holds the neurons by (position, layer), strongest first: those at place
    `position * n_layers + layer` are `offsets[place]` to `offsets[place + 1]`. `lens` holds
    [position, layer, rank] arrays, with the tokens as places in `words`; it is None where `waits`
    says that it is computed on request. `sinks` are the positions of attention sinks.
    """
    read = rows(database, "SELECT token, sink FROM prompt_tokens($1, $2)", model, prompt)
    if not read:
        raise KnError(f"the atlas {model} has no prompt {prompt}")
    tokens = [row["token"] for row in read]
    about = rows(
        database,
        "SELECT name, country, population, is_capital FROM atlas_cities($1) WHERE prompt_id = $2",
        model,
        prompt,
    )
    missing = {
        part: waits_for(database, model, names)
        for part, needs in (("fired", ("activations",)), ("lens", ("logit_lens",)))
        if (names := missing_tables(database, model, *needs))
    }
    lazily = lazy_lens.waits(database.lake, partition(model), prompt)
    waits = lazily or "lens" in missing
    thresholds = rows(
        database, "SELECT threshold FROM thresholds WHERE model = $1 ORDER BY layer", model
    )
    return {
        "prompt": {"prompt_id": prompt, **(about[0] if about else {"name": None})},
        "tokens": tokens,
        "sinks": [i for i, row in enumerate(read) if row["sink"]],
        "n_layers": n_layers,
        "fired": _fired(database, model, prompt, len(tokens), n_layers),
        "lens": None if waits else lenses.read(database, model, prompt, len(tokens), n_layers),
        "thresholds": [row["threshold"] for row in thresholds],
        "missing": missing,
        "waits": lazily,
    }


def _fired(
    database: Database, model: str, prompt: int, n_tokens: int, n_layers: int
) -> dict[str, dict[str, str]]:
    return pack_fired(fired(database, model, prompt), n_tokens, n_layers)


def fired(database: Database, model: str, prompt: int) -> dict[str, Any]:
    """The columns of a prompt's fired neurons, as `pack_fired` takes them."""
    return columns(
        database, "SELECT position, layer, neuron, activation FROM heatmap($1, $2)", model, prompt
    )
