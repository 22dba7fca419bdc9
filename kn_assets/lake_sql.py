"""The schema `lake`: what the views and macros of `sql/` stand on, and the only place with paths.

For each table there is a view over the files of all partitions, `lake.TABLE`, and for each table of
a model a macro over those of one, `lake.TABLE_of(model)`. Both have the same rows, but the macro
looks into one folder, which matters where a lake holds an atlas for each step of a training. The
model given to it must be a constant, since files are chosen before the query runs. Tables with a
file for each layer have `lake.TABLE_of(model, layer)`, which opens just that one.
"""

from __future__ import annotations

from kn_assets.lake import Lake
from kn_assets.schema import ALL, Table

BY_LAYER = ("activations_by_neuron", "neuron_peaks")
"""Tables that a run writes as a file for each layer, `layer-000.parquet` and so on."""

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
    lake: Lake, partitions: dict[str, list[str]], filled: bool, words: set[str] | None = None
) -> list[str]:
    """What makes the schema, over the tables that are there.

    partitions: of each table that is there, the keys of the partitions that hold it. filled:
    whether columns that some files lack are null, which costs time at each query. words: the words
    of all that will be asked; what isn't among them is left out.
    """
    made = ["CREATE SCHEMA IF NOT EXISTS lake"]
    for table in ALL.values():
        keys = partitions.get(table.name, [])
        of = f"{table.name}_of"
        if words is None or table.name in words or of in words:
            made.append(_view(lake, table, bool(keys), filled))
        if table.kind == "model" and (words is None or of in words):
            made.append(_macro(lake, table, [] if filled else keys))
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


def _macro(lake: Lake, table: Table, keys: list[str]) -> str:
    """The rows of one model: out of its folder where it was seen there, else looked for in all."""
    name, given = table.name, ["model"]
    source, condition = f"lake.{name}", "t.model = model"
    if keys:
        before, after = (quoted(part) for part in lake.glob(name).split("*", 1))
        anywhere = quoted(lake.glob(name))
        place = f"CASE WHEN {_among(keys)} THEN {before} || model || {after} ELSE {anywhere} END"
        source = _files(place, table.kind)
    if name in BY_LAYER:
        given.append("layer")
        condition += " AND t.layer = layer"
        layered = [key for key in keys if _has_layers(lake, table, key)]
        if layered:
            file = "'/layer-' || lpad(layer::VARCHAR, 3, '0') || '.parquet'"
            condition += f" AND (NOT {_among(layered)} OR ends_with(t.filename, {file}))"
    return (
        f"CREATE OR REPLACE MACRO lake.{name}_of({', '.join(given)}) AS TABLE "
        f"SELECT * FROM {source} AS t WHERE {condition}"
    )


def _among(keys: list[str]) -> str:
    return f"model IN ({', '.join(quoted(key) for key in keys)})"


def _has_layers(lake: Lake, table: Table, key: str) -> bool:
    folder = lake.glob(table.name).replace("*", key, 1)
    return lake.root.joinpath(folder.replace("*", "layer-000", 1)).exists()
