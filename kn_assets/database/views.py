"""The views and macros of a lake, made in a connection over the tables that exist now."""

from __future__ import annotations

import logging
import os
import time

import duckdb

from kn_assets.database import bound, scans
from kn_assets.database.sql_files import definitions
from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition, outdated
from kn_assets.lake import asked as of_demand
from kn_assets.lake.schema import ALL

_LOG = logging.getLogger(__name__)

Stamp = tuple[tuple[str, str, int], ...]
_GROUP = {
    name: group.first
    for group in (of_demand.OF_FACTS, of_demand.OF_CIRCUITS)
    for name in group.tables
}
"""Of the tables that are asked on demand, the first one of their group."""


FILES_AGAIN_S = 10.0
"""How long a running app takes a table's files to have their sizes, once it has looked."""

Looked = dict[str, tuple[tuple[int, int], float, bool]]
"""Folder of a table -> times of its note and its folder, when it was looked at, whether it was
whole."""


def stamp(lake: Lake, looked: Looked | None = None) -> Stamp:
    """What tables exist and when each was written: (table, partition, ns), cheap to take.

    Damaged ones are left out: nothing is to be read from them. So are those of facts asked on
    demand where they are of other weights than their atlas, or one of them is damaged. looked: what
    was seen last time by one who asks often; files that come or go show at once all the same.
    """
    found, spoilt, now = [], set(), time.monotonic()
    for kind in ("corpus", "model"):
        names = [t.name for t in ALL.values() if t.kind == kind]
        for partition in lake.partitions(kind):
            folder = lake.folder(partition)
            for name in names:
                place = f"{folder}/{name}"
                try:
                    times = _time(f"{place}/_table.json"), _time(place)
                except (FileNotFoundError, NotADirectoryError):
                    continue
                known = looked.get(place) if looked is not None else None
                if known is None or known[0] != times or now - known[1] > FILES_AGAIN_S:
                    known = times, now, lake.damage(partition, name) is None
                    if looked is not None:
                        looked[place] = known
                if not known[2]:
                    spoilt |= {(_GROUP[name], partition.key)} if name in _GROUP else set()
                    continue
                if name not in _GROUP:
                    found.append((name, partition.key, times[0]))
                elif of_demand.fits(lake, partition, name):  # files come to it one by one
                    found.append((name, partition.key, max(times)))
    return tuple(f for f in found if (_GROUP.get(f[0]), f[1]) not in spoilt)


def _time(path: str) -> int:
    return os.stat(path).st_mtime_ns  # noqa: PTH116 - of thousands of tables, in milliseconds


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
    warning. What is there already stays where the schema `lake` gets the columns that it had: it
    was bound to them. Raises KnError where a file can't be read though it has its size.
    """
    try:
        _define(connection, lake, lasting, asked, named)
    except duckdb.Error as e:
        if not tells_of_damage(e):
            raise
        look_into(lake)  # what can't be read is damaged from here on
        try:
            _define(connection, lake, lasting, asked, named)
        except duckdb.Error as again:
            raise unreadable(lake, again) from again


def look_into(lake: Lake) -> None:
    """Find the tables whose files can't be read at all, which count as damaged from then on."""
    for table, key, _ in stamp(lake):
        lake.look_into(Partition(ALL[table].kind, key), table)


def tells_of_damage(error: duckdb.Error) -> bool:
    """Whether DuckDB's error is about a file that it can't read, or whose content makes no sense:
    some such errors are of no class of their own.
    """
    about_files = (
        duckdb.IOException,
        duckdb.InvalidInputException,
        duckdb.SerializationException,
    )
    return isinstance(error, about_files) or "parquet" in str(error).lower()


def unreadable(lake: Lake, error: Exception) -> KnError:
    """DuckDB's error about a file as a line that says what to do."""
    _LOG.warning("%s", str(error).splitlines()[0])
    return KnError(
        f"a table of {lake.root} can't be read: `kn doctor --deep` says which, and `kn run` then "
        "makes it again"
    )


def _define(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    lasting: bool,
    asked: set[str] | None,
    named: bool,
) -> None:
    partitions: dict[str, list[str]] = {}
    for table, key, _ in stamp(lake):
        partitions.setdefault(table, []).append(key)
    public = definitions(asked)
    words = None if asked is None else set().union(*(d.words for d in public))
    made = []
    for definition in public:
        made.append(definition.statement)
        if lasting:
            made += bound.comments(definition)
    files = scans.Files.NAMED if named else scans.Files.PICKED
    if (
        lasting or asked is not None
    ):  # for one query, looking what files hold costs more than it saves
        files = scans.Files.ALL
    for filled in (False, True):  # filling costs time at each query: only where it is needed
        of_lake = scans.statements(lake, partitions, filled, words, files)
        try:
            _execute(connection, of_lake, made)
        except duckdb.BinderException:
            if filled:
                raise
        else:
            if filled:
                _warn(lake, partitions, words)
            return


def _execute(connection: duckdb.DuckDBPyConnection, of_lake: list[str], made: list[str]) -> None:
    """Make the schema `lake`, and what stands on it unless that is there, bound to its columns."""
    before = bound.columns(connection)
    connection.execute("BEGIN")
    try:
        for statement in of_lake:
            connection.execute(statement)
        if bound.columns(connection) != before:
            for statement in made:
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _warn(lake: Lake, partitions: dict[str, list[str]], words: set[str] | None) -> None:
    """Log which of the tables asked for were written by an earlier version of this project."""
    for table, keys in partitions.items():
        if words is None or not words.isdisjoint((table, f"{table}_of")):
            for partition in (Partition(ALL[table].kind, key) for key in keys):
                if lacking := lake.lacking(partition, table):
                    _LOG.warning("%s", outdated(partition, table, lacking))
