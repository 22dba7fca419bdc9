"""Examples for the SQL tab, and the list of views and macros."""

from __future__ import annotations

from typing import Any

from kn_assets.database.database import Database, definitions
from kn_assets.lake.schema import ALL

QUESTIONS = (
    (
        "Neurons that fire most for one country",
        "FROM neurons_for_country({model}, {country}, 20)",
    ),
    (
        "Neurons that promote a token",
        "FROM neurons_for_token({model}, {token}, 20)",
    ),
    (
        "Most unusual activations in the largest city's prompt",
        "FROM prompt_neurons({model}, {prompt}, 20)",
    ),
    (
        "Accuracy of the logit lens by layer",
        "FROM lens_by_layer({model})",
    ),
    (
        "Thresholds and firing by layer",
        "FROM layer_summary({model})",
    ),
    (
        "Most active neurons with their top prompt",
        "SELECT n.layer, n.neuron, n.firing_rate, n.top_activation, c.name, c.country\n"
        "FROM neurons n\n"
        "LEFT JOIN atlas_cities({model}) c ON c.prompt_id = n.top_prompt_id\n"
        "WHERE n.model = {model}\n"
        "ORDER BY n.firing_rate DESC LIMIT 50",
    ),
    (
        "Prompts of the atlas by country",
        "SELECT country, continent, count(*) AS prompts, sum(population) AS inhabitants\n"
        "FROM atlas_prompts({model})\n"
        "GROUP BY ALL ORDER BY prompts DESC, country",
    ),
    (
        "How this atlas was made",
        "FROM model_info({model})",
    ),
)
"""(words, SQL) with {model}, {prompt}, {country} and {token} to be filled by literals."""


def literal(text: str) -> str:
    """SQL's text literal."""
    return "'" + text.replace("'", "''") + "'"


def sql_help(database: Database, model: str) -> dict[str, Any]:
    """Questions filled for an atlas, and the views and macros with their columns and meanings."""
    return {"examples": _examples(database, model), "relations": _relations(database)}


def _examples(database: Database, model: str) -> list[dict[str, str]]:
    cursor = database.cursor()
    largest = cursor.execute(
        "SELECT prompt_id, country FROM atlas_prompts($1) ORDER BY population DESC NULLS LAST",
        [model],
    ).fetchone()
    token = cursor.execute(
        "SELECT token FROM tokens WHERE model = $1 AND regexp_full_match(token, '\\s?\\pL{3,}') "
        "GROUP BY token ORDER BY count(*) DESC, token LIMIT 1",
        [model],
    ).fetchone()
    cursor.close()
    prompt, country = largest or (0, "")
    values = {
        "model": literal(model),
        "prompt": str(prompt),
        "country": literal(country or ""),
        "token": literal(token[0].strip() if token else "the"),
    }
    return [{"words": words, "sql": sql.format(**values)} for words, sql in QUESTIONS]


def _relations(database: Database) -> list[dict[str, Any]]:
    cursor = database.cursor()
    columns: dict[str, list[dict[str, str | None]]] = {}
    for table, name, type_ in cursor.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE schema_name = 'main' ORDER BY table_name, column_index"
    ).fetchall():
        meaning = _meaning(table, name)
        columns.setdefault(table, []).append({"name": name, "type": type_, "meaning": meaning})
    cursor.close()
    found = []
    for definition in definitions():
        call = f"{definition.name}({', '.join(definition.parameters)})"
        found.append(
            {
                "name": definition.name,
                "kind": definition.kind,
                "call": definition.name if definition.kind == "VIEW" else call,
                "meaning": definition.meaning,
                "columns": columns.get(definition.name, []),
            }
        )
    return sorted(found, key=lambda row: (row["kind"] != "VIEW", row["name"]))


def _meaning(relation: str, column: str) -> str | None:
    """What a column means by the schema: as in the table of that name, else where all agree."""
    of_table = {t.name: {c.name: c.meaning for c in t.columns} for t in ALL.values()}
    if column in of_table.get(relation, {}):
        return of_table[relation][column]
    meanings = {columns[column] for columns in of_table.values() if column in columns}
    return meanings.pop() if len(meanings) == 1 else None
