"""The tab SQL: a query, what can be asked, and the result."""

from __future__ import annotations

from ui.runs.sql import AT_ONCE
from ui.sql.examples import sql_help
from ui.tab import Event, Tab

TAB = Tab(
    id="sql",
    title="SQL",
    skeleton='<div data-kn="sql"></div>',
    scripts=("sql.js",),
    styles=("sql.css",),
    questions={"sql_help": lambda api, given: sql_help(api.database, given.model)},
    events={
        "run": Event(lambda api, asked, user: api.sql.run(asked, user), AT_ONCE),
        "download": Event(lambda api, asked, user: api.sql.download(asked, user), AT_ONCE),
    },
)
