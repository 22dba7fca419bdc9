"""The views and macros of a lake, made in a connection over the tables that exist now."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kn_assets.database import scans
from kn_assets.database.scans import quoted
from kn_assets.database.sql_files import Definition, definitions
from kn_assets.lake import Lake, Partition, outdated
from kn_assets.lake.schema import ALL

if TYPE_CHECKING:
    import duckdb

_LOG = logging.getLogger(__name__)

Stamp = tuple[tuple[str, str, int], ...]


def stamp(lake: Lake) -> Stamp:
    """What tables exist and when each was written: (table, partition, ns), cheap to take."""
    found = []
    for kind in ("corpus", "model"):
        names = [t.name for t in ALL.values() if t.kind == kind]
        for partition in lake.partitions(kind):
            folder = lake.folder(partition)
            for name in names:
                try:
                    noted = (folder / name / "_table.json").stat().st_mtime_ns
                except (FileNotFoundError, NotADirectoryError):
                    continue
                found.append((name, partition.key, noted))
    return tuple(found)


def define(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    lasting: bool = False,
    asked: set[str] | None = None,
    named: bool = False,
) -> None:
    """Make the views and macros in `connection`, over the tables that exist now.

    lasting: whether they are kept in a file, with comments, for clients that know nothing of
    tables made later. asked: the words of the only query there will be; what it doesn't need is
    left out. named: whether prompts and layers given to macros are constants, so that files can be
    named. Columns that an earlier version of this project did not write are null, and logged as a
    warning.
    """
    import duckdb

    partitions: dict[str, list[str]] = {}
    for table, key, _ in stamp(lake):
        partitions.setdefault(table, []).append(key)
    public = definitions(asked)
    words = None if asked is None else set().union(*(d.words for d in public))
    made = []
    for definition in public:
        made.append(definition.statement)
        if lasting:
            made += _comments(definition)
    files = scans.Files.NAMED if named else scans.Files.PICKED
    if (
        lasting or asked is not None
    ):  # for one query, looking what files hold costs more than it saves
        files = scans.Files.ALL
    for filled in (False, True):  # filling costs time at each query: only where it is needed
        connection.execute("BEGIN")
        try:
            of_lake = scans.statements(lake, partitions, filled, words, files)
            for statement in (*of_lake, *made):
                connection.execute(statement)
            connection.execute("COMMIT")
        except duckdb.BinderException:
            connection.execute("ROLLBACK")
            if filled:
                raise
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        else:
            if filled:
                _warn(lake, partitions, words)
            return


def _warn(lake: Lake, partitions: dict[str, list[str]], words: set[str] | None) -> None:
    """Log which of the tables asked for were written by an earlier version of this project."""
    for table, keys in partitions.items():
        if words is None or not words.isdisjoint((table, f"{table}_of")):
            for partition in (Partition(ALL[table].kind, key) for key in keys):
                if lacking := lake.lacking(partition, table):
                    _LOG.warning("%s", outdated(partition, table, lacking))


def _comments(definition: Definition) -> list[str]:
    name = definition.name
    found = [f"COMMENT ON {definition.kind} {name} IS {quoted(definition.meaning)}"]
    if definition.folder == "views" and name in ALL:
        kind = ALL[name].kind
        meanings = {c.name: c.meaning for c in ALL[name].columns} | {kind: f"name of the {kind}"}
        found += [
            f'COMMENT ON COLUMN {name}."{column}" IS {quoted(meaning)}'
            for column, meaning in meanings.items()
        ]
    return found
