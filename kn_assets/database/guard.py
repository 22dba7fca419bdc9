"""What ad-hoc SQL may do: read the atlas' views and macros, and compute.

DuckDB has no user who may only read. `COPY` hides in a CTE whose statement counts as a SELECT,
functions such as `query` run a text as SQL, and a string after FROM opens a file. So the text is
wrapped as a subquery, parsed by DuckDB itself, and each node of the tree must be of a sort known to
be harmless: the guard lists what is allowed, and refuses what it doesn't know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from kn_assets.database import database
from kn_assets.database.functions import FUNCTIONS
from kn_assets.errors import KnError

if TYPE_CHECKING:
    import duckdb

MAX_LENGTH = 20_000  # characters; planning a query of megabytes can't be interrupted

Node = dict[str, Any]


class QueryRefused(KnError):
    """The query does something that is not allowed in ad-hoc SQL."""


class QueryFailed(KnError):
    """The query is wrong: its text is DuckDB's own message."""


_QUERY_NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
_RELATIONS = {
    *("EMPTY", "BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST"),
    *("SHOW_REF", "PIVOT"),
}
_EXPRESSIONS = {
    *("BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION"),
    *("CONSTANT", "FUNCTION", "LAMBDA", "LAMBDA_REF", "OPERATOR", "POSITIONAL_REFERENCE"),
    *("STAR", "SUBQUERY", "TYPE", "WINDOW"),
}
_TABLE_FUNCTIONS = {"range", "generate_series", "unnest"}
_CATALOGUE = {"tables", "columns"}  # of information_schema: names only, no paths
_SHOWN = {"tables", "__show_tables_expanded"}
# Statements that do something else than read.
_WRITE = {
    *("INSERT", "UPDATE", "DELETE", "MERGE_INTO", "CREATE", "CREATE_FUNC", "DROP", "ALTER", "COPY"),
    *("COPY_DATABASE", "EXPORT", "ATTACH", "DETACH", "SET", "VARIABLE_SET", "LOAD", "VACUUM"),
    *("TRANSACTION", "PREPARE", "EXECUTE"),
}


def wrapped(sql: str, limit: int) -> str:
    """The query as a subquery of at most `limit` rows; a COPY doesn't bind there."""
    body = sql.strip().removesuffix(";")
    return f"SELECT * FROM (\n{body}\n) LIMIT {limit}"


def check(cursor: duckdb.DuckDBPyConnection, sql: str, limit: int, parameters: bool = False) -> str:
    """Return the wrapped query if it only reads the atlas.

    parameters: whether it may have places for values, `?` or `$name`. Raises QueryRefused where it
    does anything else, QueryFailed where it doesn't parse.
    """
    if len(sql) > MAX_LENGTH:
        raise QueryRefused(f"the query is longer than {MAX_LENGTH:,} characters")
    if not sql.strip().removesuffix(";").strip():
        raise QueryRefused("the query is empty: try FROM atlases")
    if "\x00" in sql:
        raise QueryRefused("the query contains a null character")
    text = wrapped(sql, limit)
    ((tree,),) = cursor.execute("SELECT json_serialize_sql(?)", [text]).fetchall()
    try:
        parsed = json.loads(tree)
    except RecursionError as e:
        raise QueryRefused("the query is nested too deeply") from e
    if parsed["error"]:
        _refuse_statements(cursor, sql)
        raise QueryFailed(_parse_error(parsed["error_message"]))
    if len(parsed["statements"]) != 1:
        raise QueryRefused("one query at a time")
    _check_wrapper(parsed["statements"][0]["node"])
    nodes = list(_nodes(parsed))
    ctes = {name.lower() for node in nodes for name in _cte_names(node)}
    _refuse_catalogue(cursor, ctes)
    for node in nodes:
        if not (parameters and node.get("class") == "PARAMETER"):
            _check_node(node, ctes)
    return text


def _refuse_statements(cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise QueryRefused where the text is several statements, or one that doesn't read.

    Wrapped as a subquery such a text is no SQL, and what DuckDB says of it misleads.
    """
    import duckdb

    try:
        statements = cursor.extract_statements(sql)
    except duckdb.Error:
        return  # no SQL by itself either: its own message is the true one
    if len(statements) > 1:
        raise QueryRefused(
            f"only one SELECT that reads can be run at a time: these are {len(statements)} "
            "statements, so leave one, without ';' in it"
        )
    kinds = {str(s.type).rsplit(".", 1)[-1] for s in statements}
    if kinds and kinds <= _WRITE:
        raise QueryRefused(
            f"only one SELECT that reads can be run, and this is {kinds.pop()}: write SELECT, "
            "FROM, WITH, VALUES, DESCRIBE or SUMMARIZE"
        )


def _parse_error(message: str) -> str:
    if "Only SELECT" in message:
        return "only read queries are allowed: SELECT, FROM, WITH, VALUES, DESCRIBE or SUMMARIZE"
    return f"syntax error ({message}); only read queries are allowed"


def _check_wrapper(top: Node) -> None:
    """A text with parentheses of its own must not have changed the SELECT around it."""
    intact = (
        top["type"] == "SELECT_NODE"
        and [e["class"] for e in top["select_list"]] == ["STAR"]
        and top["from_table"]["type"] == "SUBQUERY"
        and not top["from_table"]["alias"]
        and [m["type"] for m in top["modifiers"]] == ["LIMIT_MODIFIER"]
        and not top["cte_map"]["map"]
        and not any(top[k] for k in ("where_clause", "group_expressions", "having", "qualify"))
        and not top["sample"]
    )
    if not intact:
        raise QueryRefused("the parentheses of the query don't match")


def _nodes(tree: Any) -> Iterator[Node]:
    """Every object of the tree, without recursion: its depth is the query's to choose."""
    left = [tree]
    while left:
        here = left.pop()
        if isinstance(here, dict):
            yield here
            left.extend(here.values())
        elif isinstance(here, list):
            left.extend(here)


def _cte_names(node: Node) -> Iterator[str]:
    for entry in (node.get("cte_map") or {}).get("map", ()):
        yield entry["key"]
    if "cte_name" in node:
        yield node["cte_name"]


def _check_node(node: Node, ctes: set[str]) -> None:
    kind = node.get("type")
    if isinstance(kind, str):
        if kind.endswith("_NODE") and kind not in _QUERY_NODES:
            word = kind.split("_", 1)[0]
            raise QueryRefused(f"{word} is not allowed: only read queries are")
        if "class" in node and node["class"] not in _EXPRESSIONS:
            raise QueryRefused(f"{node['class'].lower()} is not allowed")
        if "alias" in node and "sample" in node and kind not in _RELATIONS:
            raise QueryRefused(f"{kind.lower()} is not allowed")
        if kind == "BASE_TABLE":
            _check_table(node, ctes)
        elif kind == "SHOW_REF":
            _check_show(node)
        elif kind == "TABLE_FUNCTION":
            _check_table_function(node)
    if "function_name" in node and kind != "TABLE_FUNCTION":
        _check_function(str(node["function_name"]).lower())


def _refuse_catalogue(cursor: duckdb.DuckDBPyConnection, ctes: set[str]) -> None:
    """A CTE named like a view of DuckDB's own would let that be read where the CTE isn't seen."""
    own = "SELECT view_name FROM duckdb_views() WHERE internal"
    if taken := ctes & ({name for (name,) in cursor.execute(own).fetchall()} if ctes else set()):
        raise QueryRefused(f"{min(taken)} is a name of DuckDB's own: call the CTE something else")


def _check_function(name: str) -> None:
    """Operators are functions too, with names that no function called by name has."""
    if not name.isidentifier() or name in FUNCTIONS or name in _own():
        return
    near = get_close_matches(name, [*FUNCTIONS, *_own()], n=1)
    meant = f": did you mean {near[0]}?" if near else ""
    raise QueryRefused(f"the function {name} is not allowed{meant}")


def _check_table(node: Node, ctes: set[str]) -> None:
    name, schema = node["table_name"].lower(), node["schema_name"].lower()
    if node["catalog_name"] or node.get("at_clause"):
        raise QueryRefused(f"{name} is not allowed: name a view without a database")
    if schema == "information_schema" and name in _CATALOGUE:
        return
    known = name in _views() or (not schema and name in ctes)
    # A name with a dot or a slash in it would be taken for a file.
    if known and schema in ("", "main") and re.fullmatch(r"\w+", name):
        return
    shown = node["table_name"][:80]
    raise QueryRefused(f"there is no view {shown!r}: SHOW TABLES lists them")


def _check_show(node: Node) -> None:
    if node["query"] is None and node["table_name"].strip('"').lower() not in _SHOWN:
        raise QueryRefused("only SHOW TABLES, DESCRIBE and SUMMARIZE are allowed")


def _check_table_function(node: Node) -> None:
    function = node["function"]
    name = str(function.get("function_name", "")).lower()
    ours = name in _macros() and function["schema"].lower() in ("", "main")
    if function.get("catalog") or not (ours or name in _TABLE_FUNCTIONS):
        raise QueryRefused(
            f"the table function {name} is not allowed; allowed are range, generate_series, "
            f"unnest and the macros: {', '.join(sorted(_macros()))}"
        )


@lru_cache(maxsize=1)
def _views() -> frozenset[str]:
    return frozenset(d.name for d in database.definitions() if d.kind == "VIEW")


@lru_cache(maxsize=1)
def _own() -> frozenset[str]:
    """The lake's macros, those that give a value too."""
    return frozenset(d.name for d in database.definitions() if d.kind.startswith("MACRO"))


@lru_cache(maxsize=1)
def _macros() -> frozenset[str]:
    return frozenset(d.name for d in database.macros())
