"""Views and macros bound once for all lakes, in a file that new connections copy them from.

DuckDB binds each view and macro as it is made, and looks up what each comment is on: half a second
for all of `sql/`. Those that another database holds it copies as they are, in a tenth of that. They
stand on the schema `lake`, which here has the columns of `kn_assets.lake.schema` and no rows:
whoever copies them makes that schema over the files of a lake, and all of them anew where its
columns are others.
"""

from __future__ import annotations

import logging
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kn_assets.database import scans
from kn_assets.database.scans import quoted
from kn_assets.database.sql_files import Definition, definitions
from kn_assets.lake import Lake
from kn_assets.lake.fingerprint import of_json
from kn_assets.lake.schema import ALL

if TYPE_CHECKING:
    import duckdb

    Columns = list[tuple[str, str, str]]

KEPT_S = 30 * 24 * 3600
"""How long files of other versions stay, for those who use both."""
_LOG = logging.getLogger(__name__)


def copy_to(connection: duckdb.DuckDBPyConnection) -> bool:
    """Copy all definitions, with comments, into a database that has none; whether that went well.

    The first call of all writes the file into the user's cache. Where that can't be done, or the
    file can't be read, the database may be left with some of the definitions.
    """
    import duckdb

    file = _file()
    if file is None:
        return False
    try:
        connection.execute(f"ATTACH {quoted(str(file))} AS bound (READ_ONLY)")
        ((name,),) = connection.execute("SELECT current_database()").fetchall()
        connection.execute(f'COPY FROM DATABASE bound TO "{name}" (SCHEMA)')
        connection.execute("DETACH bound")
    except duckdb.Error as e:
        _LOG.info("%s can't be used and is removed: %s", file, e)
        file.unlink(missing_ok=True)
        _file.cache_clear()
        return False
    return True


def columns(connection: duckdb.DuckDBPyConnection) -> Columns:
    """Of each view of the schema `lake`, in order: its name, and its columns' names and types."""
    return connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE schema_name = 'lake' ORDER BY table_name, column_index"
    ).fetchall()


def comments(definition: Definition) -> list[str]:
    """What says of a view or macro, and of a table's columns, what they mean."""
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


@cache
def _file() -> Path | None:
    """The file of these definitions and this DuckDB; None where it can't be written."""
    import duckdb
    from platformdirs import user_cache_path

    nothing = Lake(Path("/nonexistent"))
    statements = scans.statements(nothing, {}, filled=False)
    for definition in definitions():
        statements += [definition.statement, *comments(definition)]
    name = of_json([duckdb.__version__, *statements])
    file = user_cache_path("knowledge-neurons") / f"views-{name}.duckdb"
    if not file.exists():
        try:
            _write(file, statements)
        except (OSError, duckdb.Error) as e:
            _LOG.info("views and macros are bound by each connection: %s", e)
            return None
    return file


def _write(file: Path, statements: list[str]) -> None:
    import duckdb

    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".") as folder:
        fresh = Path(folder, file.name)
        with duckdb.connect(str(fresh), config={"threads": 1}) as connection:
            for setting in scans.SETTINGS:
                connection.execute(f"SET {setting}")
            connection.execute("BEGIN")
            for statement in statements:
                connection.execute(statement)
            connection.execute("COMMIT")
        fresh.replace(file)
    for other in file.parent.glob("views-*.duckdb"):
        if time.time() - other.stat().st_mtime > KEPT_S:
            other.unlink(missing_ok=True)
