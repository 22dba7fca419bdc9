"""Asking the database for what a pane shows, and which tables an atlas still lacks."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from kn_assets.database.database import Database
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


def waits_for(names: list[str], whose: str = "atlas") -> str:
    """Words for a pane that lacks the tables `names`."""
    tables = " and ".join(f"`{name}`" for name in names)
    return f"This {whose} has no table {tables} yet: `kn run` makes it."


def limit_option(database: Database, model: str) -> str:
    """The atlas' own `--limit` for a command about it: with another it would be made anew."""
    found = rows(database, "SELECT settings FROM atlases WHERE model = $1", model)
    limit = json.loads(found[0]["settings"] or "{}").get("limit") if found else None
    return f" --limit {limit}" if limit else ""
