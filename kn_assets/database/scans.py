"""The schema `lake`: what the views and macros of `sql/` stand on, and the only place with paths.

For each table there is a view over the files of all partitions, `lake.TABLE`, and for each table of
a model a macro over those of one, `lake.TABLE_of(model)`. Both have the same rows, but the macro
looks into one folder, which matters where a lake holds an atlas for each step of a training. The
model given to it must be a constant, since files are chosen before the query runs. Tables with a
file for each layer have `lake.TABLE_of(model, layer)`, those with a part for each shard of prompts
`lake.TABLE_of(model, prompt)`, which open just the file that holds them.
"""

from __future__ import annotations

from enum import Enum

from kn_assets.database.parts import BY_LAYER, BY_PROMPT, Numbered, numbered
from kn_assets.lake import Lake
from kn_assets.lake.schema import ALL, Table

SETTINGS = ("disabled_optimizers = 'late_materialization'",)
"""What a connection needs for macros that single out files: DuckDB 2.0's late materialization fails
where the top rows are taken from files that were chosen by their name."""
BY_OPENED = {"logit_lens": ("prompt",), "lens_readings": ("linear-prompt", "middle-prompt")}
"""Tables that may get a file for each prompt opened, and what their names begin with:
`prompt-000000000.parquet` and so on."""


class Files(Enum):
    """Which files of a table in parts or layers are looked at for a prompt or a layer."""

    ALL = "all of the model's"
    PICKED = "the one it is in, picked from the list of all"
    NAMED = "the one it is in, named: the prompt or the layer must be a constant, as the model must"


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
    """DuckDB's name of a column's type in `kn_assets.lake.schema`."""
    return _SQL_TYPES[str(arrow)]


def quoted(text: str) -> str:
    """The text as a literal."""
    return "'" + text.replace("'", "''") + "'"


def statements(
    lake: Lake,
    partitions: dict[str, list[str]],
    filled: bool,
    words: set[str] | None = None,
    files: Files = Files.PICKED,
) -> list[str]:
    """What makes the schema, over the tables that are there.

    partitions: of each table that is there, the keys of the partitions that hold it. filled:
    whether columns that some files lack are null, which costs time at each query. words: the words
    of all that will be asked; what isn't among them is left out. files: which are looked at; any
    but all take the settings of `SETTINGS`, and hold until the tables are made again.
    """
    made = ["CREATE SCHEMA IF NOT EXISTS lake"]
    for table in ALL.values():
        keys = partitions.get(table.name, [])
        of = f"{table.name}_of"
        if words is None or table.name in words or of in words:
            made.append(_view(lake, table, keys, filled))
        if table.kind == "model" and (words is None or of in words):
            made.append(_macro(lake, table, [] if filled else keys, files))
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


def _everywhere(lake: Lake, name: str, keys: list[str]) -> str:
    """The files of a table in all partitions that hold it, as a list of patterns."""
    return f"[{', '.join(quoted(pattern) for pattern in lake.globs(name, keys))}]"


def _view(lake: Lake, table: Table, keys: list[str], filled: bool) -> str:
    types = {c.name: sql_type(c.type) for c in table.columns} | {table.kind: "VARCHAR"}
    empty = ", ".join(f'NULL::{type_} AS "{name}"' for name, type_ in types.items())
    source = f"SELECT {empty} WHERE false"
    if keys:
        place = _everywhere(lake, table.name, keys)
        files = f"SELECT * FROM {_files(place, table.kind, filled)}"
        source = f"{files} UNION ALL BY NAME {source}" if filled else files
    return f"CREATE OR REPLACE VIEW lake.{table.name} AS {source}"


def _macro(lake: Lake, table: Table, keys: list[str], files: Files) -> str:
    """The rows of one model: out of its folder where it was seen there, else looked for in all."""
    name, given = table.name, ["of_model"]
    source, conditions = f"lake.{name}", ["t.model = of_model"]
    if name in BY_LAYER:
        given.append("of_layer")
        conditions.append("t.layer = of_layer")
    if name in BY_PROMPT or name in BY_OPENED:
        given.append("of_prompt")
        conditions.append("t.prompt_id = of_prompt")
    if keys:
        groups: dict[Numbered | None, list[str]] = {}
        for key in keys:
            how = None if files is Files.ALL else numbered(lake, table, key)
            groups.setdefault(how, []).append(key)
        source = _files(_place(lake, name, groups, files), table.kind)
        if files is not Files.ALL:
            conditions += _picked(name, groups, files)
    return (
        f"CREATE OR REPLACE MACRO lake.{name}_of({', '.join(given)}) AS TABLE "
        f"SELECT * FROM {source} AS t WHERE {' AND '.join(conditions)}"
    )


def _place(lake: Lake, name: str, groups: dict[Numbered | None, list[str]], files: Files) -> str:
    """The files to list: a model's, or the one that its numbers name; all where it wasn't seen."""
    before = quoted(lake.glob(name).split("*", 1)[0])
    cases = []
    for how, keys in groups.items():
        file = "'/*.parquet'" if how is None or files is not Files.NAMED else how.name(clamped=True)
        cases.append(f"WHEN {_among(keys)} THEN [{before} || of_model || '/{name}' || {file}]")
    there = [key for keys in groups.values() for key in keys]
    return f"CASE {' '.join(cases)} ELSE {_everywhere(lake, name, there)} END"


def _picked(name: str, groups: dict[Numbered | None, list[str]], files: Files) -> list[str]:
    """Conditions on the names of files that spare opening those without the prompt or layer."""
    opened = BY_OPENED.get(name, ()) if None in groups else ()
    counted = {how: keys for how, keys in groups.items() if how}
    if not opened and (not counted or files is Files.NAMED):
        return []
    these, others = [], []
    if counted:
        known = [key for keys in counted.values() for key in keys]
        cases = " ".join(f"WHEN {_among(k)} THEN {how.name()}" for how, k in counted.items())
        picked = f"ends_with(t.filename, CASE {cases} END)"
        these.append(picked if files is Files.PICKED else _among(known))
        others.append(f"NOT {_among(known)}")
    for prefix in opened:
        these.append(f"ends_with(t.filename, {Numbered(prefix, 9, 'of_prompt', 0).name()})")
        others.append(f"NOT contains(t.filename, '/{name}/{prefix}-')")
    return [f"({' OR '.join(these)} OR {' AND '.join(others)})"]


def _among(keys: list[str]) -> str:
    return f"of_model IN ({', '.join(quoted(key) for key in keys)})"
