"""The glossary names tables, columns and macros that exist, and every table is in it."""

import re

from kn_assets.database.sql_files import definitions
from kn_assets.lake.schema import ALL
from tests.docs.pages import TEXTS

CELLS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in TEXTS["docs/glossary.md"].splitlines()
    if line.startswith("| ")
]
IN_SQL = {term: re.findall(r"`([^`]+)`", cell) for term, _, cell, _ in CELLS if term != "term"}

MACROS = {d.name: d for d in definitions() if d.kind != "VIEW"}
COLUMNS = {table.name: set(table.names) for table in ALL.values()}
WORDS = set().union(*COLUMNS.values(), *(d.words for d in MACROS.values())) | {"corpus", "model"}
VALUES = set(re.findall(r"\w+", " ".join(c.meaning for t in ALL.values() for c in t.columns)))


def unknown(term: str, names: list[str]) -> list[str]:
    """The names in a term's cell that neither the schema nor a macro has."""
    table = ""
    found = []
    for name in names:
        if call := re.fullmatch(r"(\w+)\(\)", name):
            right = call[1] in MACROS
        elif value := re.fullmatch(r"(?:(\w+) = )?'(\w+)'", name):
            right = value[2] in VALUES and value[1] in {None, *WORDS}
        elif column := re.fullmatch(r"(\w*)\.(\w+)(?: = \d+)?", name):
            table = column[1] or table
            right = column[2] in COLUMNS.get(table, ())
        else:
            right = name in COLUMNS or name in WORDS
            table = name
        if not right:
            found.append(f"{term}: {name}")
    return found


def test_names_exist() -> None:
    assert len(IN_SQL) > 50
    assert [u for term, names in IN_SQL.items() for u in unknown(term, names)] == []


def test_names_that_do_not_exist_are_found() -> None:
    names = ["nowhere", "neurons.nothing", "nothing()", "'nothing'", "neurons.n_fired = 0"]
    assert unknown("a", names) == [f"a: {name}" for name in names[:-1]]


def test_every_table_of_a_method_is_named() -> None:
    plain = {"pages"}
    assert {t for t in ALL if f"`{t}" not in TEXTS["docs/glossary.md"]} == plain
