"""The tab SQL: a query, what can be asked, and the result."""

from __future__ import annotations

from kn_assets.database import guard
from ui.arguments import Checked
from ui.context import Context
from ui.runs.job import Work
from ui.sql.examples import sql_help
from ui.tab import Tab

_LONGEST = guard.MAX_LENGTH + 1  # so that the guard refuses a longer query


def _file(context: Context, given: Checked) -> Work:
    kind = given.choice("format", ("csv", "parquet"))
    return context.sql.file(given.text("sql", _LONGEST), kind)


TAB = Tab(
    id="sql",
    title="SQL",
    skeleton='<div data-kn="sql"></div>',
    script="sql/sql.js",
    texts=("query",),
    styles=("sql/sql.css",),
    questions={"sql_help": lambda context, given: sql_help(context.database, given.model)},
    jobs={
        "sql": lambda context, given: context.sql.rows(given.text("sql", _LONGEST)),
        "sql_file": _file,
    },
)
