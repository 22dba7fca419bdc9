"""The page tables.md: all tables with their columns, out of the schema and of `sql/`."""

from __future__ import annotations

import re
from collections.abc import Iterable

import markup
import pyarrow as pa

from kn_assets.database.sql_files import Definition, definitions
from kn_assets.lake.schema import (
    Table,
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

GROUPS = (
    ("Corpora", [t for t in atlas.TABLES if t.kind == "corpus"]),
    (
        "Atlases",
        (*(t for t in atlas.TABLES if t.kind != "corpus"), *lenses.TABLES, *descriptions.TABLES),
    ),
    ("Maps", maps.TABLES),
    ("Facts and knowledge neurons", (*knowledge.TABLES, *verdicts.TABLES)),
    ("Circuits", (*circuits.TABLES, *connections.TABLES, *scorecards.TABLES)),
    ("Facts asked on demand", asked.TABLES),
    ("Circuits of one's own sentences", asked_circuits.TABLES),
    ("Training", steps.TABLES),
)

EXAMPLES = {
    "cities": "FROM cities WHERE country = 'Japan'",
    "pages": "SELECT status, count(*) FROM pages GROUP BY 1",
    "prompts": "FROM prompts LIMIT 5",
    "tokens": "FROM prompt_tokens('smollm2-135m', 0)",
    "activations": "FROM heatmap('smollm2-135m', 0)",
    "activations_by_neuron": "SELECT count(*) FROM activations_by_neuron",
    "neuron_peaks": "FROM neuron_ranks('smollm2-135m', 3, 123)",
    "neurons": "FROM neurons ORDER BY firing_rate DESC LIMIT 10",
    "neuron_top": "FROM neuron_top WHERE layer = 3 AND neuron = 123",
    "logit_lens": "FROM lens('smollm2-135m', 0)",
    "lens_translators": "SELECT layer, count(*) FROM lens_translators GROUP BY 1",
    "lens_quality": "FROM lens_distances('smollm2-135m')",
    "lens_readings": "FROM linear_lens('smollm2-135m', 0)",
    "attention": "FROM attention_weighted('smollm2-135m', 0, 3, 123)",
    "thresholds": "FROM thresholds",
    "neuron_vocabulary": "FROM neurons_for_token('smollm2-135m', ' Japan', 10)",
    "neuron_vocabulary_linear": "FROM circuit_vocabulary('smollm2-135m', 0)",
    "atlases": "FROM atlases",
    "neuron_descriptions": "FROM search_descriptions('smollm2-135m', 'about Japan', 10)",
    "neuron_map": "FROM neuron_points('smollm2-135m')",
    "prompt_map": "FROM prompt_points('smollm2-135m')",
    "map_clusters": "FROM map_labels('smollm2-135m', 'neuron')",
    "facts": "SELECT relation, count(*) FROM facts GROUP BY 1",
    "fact_prompts": "FROM fact_prompts WHERE fact_id = 0",
    "fact_answers": "FROM model_facts('smollm2-135m')",
    "attributions": "FROM attributions ORDER BY score DESC LIMIT 10",
    "attribution_error": "FROM attribution_error LIMIT 10",
    "verdicts": "FROM fact_verdicts('smollm2-135m', 0)",
    "fact_effects": "FROM fact_effects WHERE fact_id = 0 AND kind = 'suppress'",
    "relation_verdicts": "FROM relation_verdicts WHERE claim = 'specific'",
    "knowledge_neurons": "FROM fact_neurons('smollm2-135m', 0)",
    "interventions": "FROM fact_interventions('smollm2-135m', 0)",
    "intervention_effects": "FROM intervention_effects WHERE relation = 'all'",
    "contrasts": "SELECT contrast_kind, count(*) FROM contrasts GROUP BY 1",
    "unit_attributions": "FROM fact_unit_attributions('smollm2-135m', 0) LIMIT 20",
    "circuit_units": "FROM fact_circuit('smollm2-135m', 0) LIMIT 30",
    "circuit_curves": "FROM circuit_effects('smollm2-135m') WHERE n_units = 30",
    "circuit_interventions": "FROM fact_interventions('smollm2-135m', 0, positions := 'circuit')",
    "circuit_fact_effects": "FROM circuit_fact_effects WHERE condition = 'knowledge_neurons'",
    "circuit_verdicts": "FROM fact_verdicts('smollm2-135m', 0, positions := 'circuit')",
    "circuit_relation_verdicts": "FROM circuit_relation_verdicts WHERE relation = 'city-country'",
    "circuit_heads": "FROM fact_heads('smollm2-135m', 0) LIMIT 20",
    "attention_knockout": "FROM knockout_effects('smollm2-135m')",
    "circuit_edges": "FROM fact_edges('smollm2-135m', 0) LIMIT 20",
    "neuron_concepts": "FROM concept_neurons('smollm2-135m', 'Japan')",
    "asked_facts": "FROM asked_facts ORDER BY asked_at DESC LIMIT 10",
    "asked_answers": "FROM fact_prompt_answers('smollm2-135m', 0)",
    "asked_attributions": "FROM fact_attributions('smollm2-135m', 0)",
    "asked_attribution_error": "FROM asked_attribution_error LIMIT 10",
    "asked_neurons": "FROM fact_neurons('smollm2-135m', 0)",
    "asked_interventions": "FROM fact_interventions('smollm2-135m', 0)",
    "asked_effects": "FROM asked_effects LIMIT 10",
    "asked_verdicts": "FROM fact_verdicts('smollm2-135m', 0)",
    "asked_circuits": "FROM asked_circuits ORDER BY asked_at DESC LIMIT 10",
    "asked_units": "FROM asked_units WHERE effect IS NOT NULL ORDER BY abs(effect) DESC LIMIT 20",
    "asked_curves": "FROM asked_curves WHERE measure = 'lost' ORDER BY condition, n_units",
    "fact_lens": "FROM fact_lens WHERE fact_id = 0",
    "fact_steps": "FROM fact_by_step('geo-gpt2', 0)",
    "neuron_steps": "FROM neuron_by_step('geo-gpt2', 3, 123)",
    "layer_steps": "FROM births_deaths('geo-gpt2')",
    "training_log": "FROM training_log",
    "neuron_map_steps": "FROM neuron_points_at_step('geo-gpt2', 512)",
}
"""A query on each table."""


def tables_page() -> str:
    """All tables with their columns, then the other views and the macros."""
    public = definitions()
    lines = [
        "# Tables",
        "",
        markup.note("the schema and from `sql/`"),
        "",
        "Each table is a view of the same name with its partition as the first column: `corpus`",
        "or `model` (the key of the atlas). *Key* names the columns that identify a row within a",
        "partition. [SQL](sql.md) has worked questions.",
    ]
    for title, tables in GROUPS:
        lines += ["", f"## {title}"]
        for table in tables:
            lines += ["", *_table(table, public)]
    names = {t.name for _, tables in GROUPS for t in tables}
    views = [d for d in public if d.kind == "VIEW" and d.name not in names]
    lines += ["", "## Other views", "", *_definitions(views)]
    macros = [d for d in public if d.kind != "VIEW"]
    lines += ["", "## Macros", "", *_definitions(macros)]
    return "\n".join(lines) + "\n"


def _table(table: Table, public: Iterable[Definition]) -> list[str]:
    key = ", ".join(f"`{name}`" for name in table.key) or "one row"
    # Macros about facts ask views that hold the rows of two tables, or what they come to.
    every = [d.name for d in public if d.name.startswith("every_") and _reads(d, table.name)]
    read = [table.name, *every]
    of_facts = [d for d in public if d.name in ("answered_facts", "folded_facts")]
    read += [d.name for d in of_facts if any(_reads(d, name) for name in read)]
    macros = [d.name for d in public if d.kind != "VIEW" and any(_reads(d, n) for n in read)]
    used = ", ".join(f"`{name}`" for name in sorted(macros))
    partition = "corpus" if table.kind == "corpus" else "model"
    return [
        f"### {table.name}",
        "",
        table.meaning,
        "",
        f"Partition: `{partition}`. Key: {key}." + (f" Macros: {used}." if used else ""),
        "",
        *([f"Example: `{EXAMPLES[table.name]}`", ""] if table.name in EXAMPLES else []),
        *markup.rows(
            ("column", "type", "meaning"),
            ((f"`{c.name}`", _type(c.type), c.meaning) for c in table.columns),
        ),
    ]


def _reads(macro: Definition, table: str) -> bool:
    """Whether the statement has the table in a FROM or JOIN, and no subquery of that name."""
    source = re.search(rf"\b(?:FROM|JOIN) (?:lake\.)?{table}(?:_of)?\b", macro.statement)
    return bool(source) and not re.search(rf"\b{table} AS \(", macro.statement)


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}"
    return "timestamp (UTC)" if pa.types.is_timestamp(kind) else str(kind)


def _definitions(public: Iterable[Definition]) -> list[str]:
    rows = (
        (f"`{d.name}`" if d.kind == "VIEW" else f"`{d.name}({', '.join(d.parameters)})`", d.meaning)
        for d in sorted(public, key=lambda d: d.name)
    )
    return markup.rows(("name", "meaning"), rows)
