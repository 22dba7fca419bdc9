"""The tab SQL: a query, what can be asked, and the result."""

from __future__ import annotations

from ui.runs.sql import AT_ONCE
from ui.sql.examples import sql_help
from ui.tab import Event, Tab

TAB = Tab(
    id="sql",
    title="SQL",
    skeleton='<div data-kn="sql"></div>',
    script="sql/sql.js",
    styles=("sql/sql.css",),
    questions={"sql_help": lambda context, given: sql_help(context.database, given.model)},
    events={
        "run": Event(lambda context, asked, user: context.sql.run(asked, user), AT_ONCE),
        "download": Event(lambda context, asked, user: context.sql.download(asked, user), AT_ONCE),
    },
)
