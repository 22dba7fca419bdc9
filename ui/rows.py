"""Asking the database for what a pane shows; the atlases there are, and which tables one lacks."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from kn_assets.database.database import Database
from kn_assets.lake import Partition
from kn_assets.lake.schema import ALL

Answer = dict[str, Any]
Array = np.ndarray[Any, Any]


def rows(database: Database, sql: str, *arguments: object) -> list[Answer]:
    """The rows of a query, each by its columns' names."""
    cursor = database.cursor()
    try:
        found = cursor.execute(sql, arguments)
        names = [d[0] for d in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    finally:
        cursor.close()


def columns(database: Database, sql: str, *arguments: object) -> dict[str, Array]:
    """The columns of a query as arrays; where a value is null, what stands there has no meaning."""
    cursor = database.cursor()
    try:
        found = cursor.execute(sql, arguments).fetchnumpy()
        return {name: np.ma.getdata(column) for name, column in found.items()}
    finally:
        cursor.close()


def missing_tables(database: Database, model: str, *names: str) -> list[str]:
    """Those of the model tables `names` that the atlas doesn't hold yet."""
    database.look()
    there = {name for name, key, _ in database.stamp if key == model}
    return [n for n in names if ALL[n].kind == "model" and n not in there]


def waits_for(
    database: Database,
    model: str,
    names: list[str],
    whose: str = "This atlas",
    make: str | None = None,
) -> str:
    """Words for a pane that lacks the tables `names`: of the atlas, or of its corpus.

    whose: who lacks them; make: the command that makes them, else the atlas' own `kn run`. Damaged
    tables are said to be so.
    """
    make = make or f"`kn run{_options(database, model)}`"
    spoilt = [name for name in names if is_damaged(database, model, name)]
    absent = [name for name in names if name not in spoilt]
    told = []
    if absent:
        told.append(f"{whose} has no table {_named(absent)} yet: {make} makes it.")
    if spoilt:
        several = len(spoilt) > 1
        told.append(
            f"{whose} has damaged files in the table{'s' if several else ''} {_named(spoilt)}: "
            f"{make} makes {'them' if several else 'it'} again."
        )
    return " ".join(told)


def is_damaged(database: Database, model: str, table: str) -> bool:
    """Whether a table of an atlas, or of its corpus, is there and its files aren't what was
    written.
    """
    key: str | None = model
    if ALL[table].kind == "corpus":
        found = rows(database, "SELECT corpus FROM atlases WHERE model = $1", model)
        key = found[0]["corpus"] if found else None
    if key is None:
        return False
    return database.lake.damage(Partition(ALL[table].kind, key), table) is not None


def damaged_atlases(database: Database) -> list[str]:
    """The atlases that can't be shown because the table of their tokens is damaged."""
    return [
        partition.key
        for partition in database.lake.partitions("model")
        if database.lake.damage(partition, "tokens") is not None
    ]


def _options(database: Database, model: str) -> str:
    """The options by which `kn run` makes an atlas again: without them it makes another one.

    None for a corpus or a model from a file, whose place on this machine is told to nobody.
    """
    note = database.lake.meta(Partition("model", model), "atlases") or {}
    settings = note.get("settings") or {}
    given = [(name, settings.get(name)) for name in ("corpus", "model", "revision", "limit")]
    if any(str(value).startswith(("/", "{lake}")) for _, value in given):
        return ""
    return "".join(f" --{name} {value}" for name, value in given if value is not None)


def _named(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def made_of_other_facts(database: Database, model: str) -> list[str]:
    """The model's tables that answer other facts than its corpus holds now."""
    found = rows(
        database, "SELECT made_table FROM answers_to_other_facts($1) WHERE of_other_facts", model
    )
    return [row["made_table"] for row in found]


def limit_option(database: Database, model: str) -> str:
    """The atlas' own `--limit` for a command about it: with another it would be made anew."""
    found = rows(database, "SELECT settings FROM atlases WHERE model = $1", model)
    limit = json.loads(found[0]["settings"] or "{}").get("limit") if found else None
    return f" --limit {limit}" if limit else ""


def atlases(database: Database) -> list[Answer]:
    """The atlases of the lake; one that is half-way through a run counts once it has tokens."""
    database.look()
    tokenized = sorted({key for name, key, _ in database.stamp if name == "tokens"})
    made = {row["model"]: row for row in rows(database, "FROM atlases")}
    found: list[Answer] = []
    for model in tokenized:
        first = rows(
            database,
            "SELECT min(prompt_id) AS first_prompt, count(*) AS n_prompts, step_of($1) AS step "
            "FROM tokens WHERE model = $1 AND position = 0",
            model,
        )[0]
        if first["n_prompts"]:
            found.append({"model": model, **first, **_size(database, model, made.get(model))})
    return found


def _size(database: Database, model: str, made: Answer | None) -> Answer:
    if made is not None:
        settings = json.loads(made["settings"] or "{}")
        return {
            "corpus": made["corpus"],
            "n_layers": made["n_layers"],
            "n_neurons": made["n_neurons"],
            "dtype": settings.get("dtype"),
        }
    for table in ("neurons", "activations", "logit_lens"):
        columns = "layer, neuron" if table != "logit_lens" else "layer, 0 AS neuron"
        row = rows(
            database,
            f"SELECT max(layer) + 1 AS n_layers, max(neuron) + 1 AS n_neurons "
            f"FROM (SELECT {columns} FROM {table} WHERE model = ?)",
            model,
        )[0]
        if row["n_layers"]:
            return {"corpus": None, "dtype": None, **row}
    return {"corpus": None, "dtype": None, "n_layers": 0, "n_neurons": 0}
