"""The schema `lake`: what the views and macros of `sql/` stand on, and the only place with paths.

For each table there is a view over the files of all partitions, `lake.TABLE`, and for each table of
a model a macro over those of one, `lake.TABLE_of(model)`. Both have the same rows, but the macro
looks into one folder, which matters where a lake holds an atlas for each step of a training. The
model given to it must be a constant, since files are chosen before the query runs. Tables with a
file for each layer have `lake.TABLE_of(model, layer)`, those with a part for each shard of prompts
`lake.TABLE_of(model, prompt)`, which open just the file that holds them.
"""

from __future__ import annotations

import pyarrow.parquet as pq

from kn_assets.lake import Lake, model
from kn_assets.schema import ALL, Table

SETTINGS = ("disabled_optimizers = 'late_materialization'",)
"""What a connection needs for macros that single out files: DuckDB 2.0's late materialization fails
where the top rows are taken from files that were chosen by their name."""
BY_LAYER = ("activations_by_neuron", "neuron_peaks")
"""Tables that a run writes as a file for each layer, `layer-000.parquet` and so on."""
BY_PROMPT = ("activations", "logit_lens", "attention")
"""Tables that a run writes as a part for each shard, `part-00000.parquet` and so on."""
BY_OPENED = "logit_lens"
"""The table that may get a file for each prompt opened, `prompt-000000000.parquet` and so on."""

_SQL_TYPES = {
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "string": "VARCHAR",
    "binary": "BLOB",
    "timestamp[s, tz=UTC]": "TIMESTAMPTZ",
    "list<item: string>": "VARCHAR[]",
    "list<element: string>": "VARCHAR[]",
    "list<item: float>": "FLOAT[]",
    "list<element: float>": "FLOAT[]",
}


def sql_type(arrow: object) -> str:
    """DuckDB's name of a column's type in `kn_assets.schema`."""
    return _SQL_TYPES[str(arrow)]


def quoted(text: str) -> str:
    """The text as a literal."""
    return "'" + text.replace("'", "''") + "'"


def statements(
    lake: Lake,
    partitions: dict[str, list[str]],
    filled: bool,
    words: set[str] | None = None,
    single: bool = True,
) -> list[str]:
    """What makes the schema, over the tables that are there.

    partitions: of each table that is there, the keys of the partitions that hold it. filled:
    whether columns that some files lack are null, which costs time at each query. words: the words
    of all that will be asked; what isn't among them is left out. single: whether the one file
    that holds a prompt or a layer is singled out, which takes the settings of `SETTINGS` and holds
    until the tables are made again.
    """
    made = ["CREATE SCHEMA IF NOT EXISTS lake"]
    for table in ALL.values():
        keys = partitions.get(table.name, [])
        of = f"{table.name}_of"
        if words is None or table.name in words or of in words:
            made.append(_view(lake, table, bool(keys), filled))
        if table.kind == "model" and (words is None or of in words):
            made.append(_macro(lake, table, [] if filled else keys, single))
    return made


def held(view: str) -> list[str]:
    """What keeps a view of `sql/` in memory, and what is looked up of its table by model."""
    place = f"lake.held_{view}"
    made = [
        f"CREATE OR REPLACE TABLE {place} AS FROM {view}",
        f"CREATE OR REPLACE VIEW {view} AS FROM {place}",
    ]
    if view in ALL and ALL[view].kind == "model":
        made.append(
            f"CREATE OR REPLACE MACRO lake.{view}_of(of_model) AS TABLE "
            f"SELECT * FROM {place} AS t WHERE t.model = of_model"
        )
    return made


def _files(place: str, kind: str, filled: bool = False) -> str:
    return (
        f"read_parquet({place}, hive_partitioning = true, hive_types = {{'{kind}': VARCHAR}}, "
        f"hive_types_autocast = false, union_by_name = {filled})"
    )


def _view(lake: Lake, table: Table, present: bool, filled: bool) -> str:
    types = {c.name: sql_type(c.type) for c in table.columns} | {table.kind: "VARCHAR"}
    empty = ", ".join(f'NULL::{type_} AS "{name}"' for name, type_ in types.items())
    source = f"SELECT {empty} WHERE false"
    if present:
        files = f"SELECT * FROM {_files(quoted(lake.glob(table.name)), table.kind, filled)}"
        source = f"{files} UNION ALL BY NAME {source}" if filled else files
    return f"CREATE OR REPLACE VIEW lake.{table.name} AS {source}"


def _macro(lake: Lake, table: Table, keys: list[str], single: bool) -> str:
    """The rows of one model: out of its folder where it was seen there, else looked for in all."""
    name, given = table.name, ["of_model"]
    source, condition = f"lake.{name}", "t.model = of_model"
    before, after = (quoted(part) for part in lake.glob(name).split("*", 1))
    if keys:
        anywhere = quoted(lake.glob(name))
        place = f"CASE WHEN {_among(keys)} THEN {before} || of_model || {after} ELSE {anywhere} END"
        source = _files(place, table.kind)
    if name in BY_LAYER:
        given.append("of_layer")
        condition += " AND t.layer = of_layer"
        layered = [key for key in keys if single and _has_layers(lake, table, key)]
        if layered:
            file = _ends_with("layer", 3, "of_layer")
            condition += f" AND ({file} OR NOT {_among(layered)})"
    if name in BY_PROMPT:
        given.append("of_prompt")
        condition += " AND t.prompt_id = of_prompt"
        firsts = {key: _first_prompts(lake, table, key) for key in keys if single}
        parted = {key: found for key, found in firsts.items() if len(found) > 1}
        elsewhere = f"NOT {_among(list(parted))}"
        files = [_ends_with("part", 5, _part(parted))] if parted else []
        if name == BY_OPENED and keys and single:
            files.append(_ends_with("prompt", 9, "of_prompt"))
            elsewhere += f" AND NOT contains(t.filename, '/{name}/prompt-')"
        if files:
            condition += f" AND ({' OR '.join(files)} OR {elsewhere})"
    return (
        f"CREATE OR REPLACE MACRO lake.{name}_of({', '.join(given)}) AS TABLE "
        f"SELECT * FROM {source} AS t WHERE {condition}"
    )


def _among(keys: list[str]) -> str:
    return f"of_model IN ({', '.join(quoted(key) for key in keys)})" if keys else "false"


def _ends_with(prefix: str, digits: int, number: str) -> str:
    """Whether a file is the one of a number; few functions, since each is bound at each query."""
    return f"ends_with(t.filename, format('/{prefix}-{{:0{digits}d}}.parquet', ({number})::BIGINT))"


def _has_layers(lake: Lake, table: Table, key: str) -> bool:
    return (lake.table(model(key), table.name) / "layer-000.parquet").exists()


def _first_prompts(lake: Lake, table: Table, key: str) -> list[int]:
    """The first prompt of each part; none where parts don't follow each other."""
    files = sorted(lake.table(model(key), table.name).glob("part-*.parquet"))
    if any(f.name != f"part-{i:05}.parquet" for i, f in enumerate(files)):
        return []
    place = table.names.index("prompt_id")
    firsts, last = [], -1
    for file in files:
        meta = pq.read_metadata(file)
        groups = [
            meta.row_group(i).column(place).statistics
            for i in sorted({0, meta.num_row_groups - 1})
            if meta.num_row_groups
        ]
        if not groups or any(g is None or not g.has_min_max for g in groups):
            return []
        if groups[0].min <= last:
            return []
        firsts.append(groups[0].min)
        last = groups[-1].max
    return firsts


def _part(parted: dict[str, list[int]]) -> str:
    """The number of the part that holds a prompt, given the first prompts of all parts."""
    numbers: dict[str, list[str]] = {}
    for key, firsts in parted.items():
        size = firsts[1]
        even = firsts == list(range(0, size * len(firsts), size))
        numbers.setdefault(_even(size) if even else _uneven(firsts), []).append(key)
    if len(numbers) == 1:
        return next(iter(numbers))
    cases = " ".join(f"WHEN {_among(keys)} THEN {number}" for number, keys in numbers.items())
    return f"CASE {cases} END"


def _even(size: int) -> str:
    return f"of_prompt // {size}"


def _uneven(firsts: list[int]) -> str:
    # How many begin at the prompt or before it: its place among them. No lambda, since the prompt
    # may come from a subquery.
    behind = "of_prompt + 0.5"
    place = f"list_position(list_sort(list_append({firsts}::DOUBLE[], {behind})), {behind})"
    return f"{place} - 2"
