"""The app: a bar and the tabs, wired to what answers them. How to add a tab: see `ui.tab`."""

from __future__ import annotations

import asyncio
import html
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import gradio as gr

from kn_assets.errors import KnError
from ui.access import LOCAL, login
from ui.api import Api
from ui.arguments import Checked
from ui.circuit import tab as circuit_tab
from ui.explore import tab as explore_tab
from ui.knowledge import tab as knowledge_tab
from ui.map import tab as map_tab
from ui.pack import to_json
from ui.page import making
from ui.page.widgets import widget
from ui.rows import damaged_atlases, waits_for
from ui.sql import tab as sql_tab
from ui.training import tab as training_tab

TABS = (
    explore_tab.TAB,
    map_tab.TAB,
    circuit_tab.TAB,
    knowledge_tab.TAB,
    training_tab.TAB,
    sql_tab.TAB,
)
"""In their order on the page."""

TITLE = "Knowledge neurons explorer"

LOOK_S = 0.5  # that a look at a job waits for a change
QUICK_S = 0.3  # that its start waits for its end, so that most jobs take one request

_LONGEST_NAME = 64  # of a page
_LONGEST_STATE = 10_000  # of a job that isn't over

_EMPTY = """
<div class="kn-empty-page" data-kn="empty">
  <h2>Knowledge neurons explorer</h2>
  {why}<p>One of these makes an atlas:</p>
  <pre>kn demo                                 # cities' facts, a small model, offline
kn run --corpus wikipedia --model gpt2  # Wikipedia's city articles and GPT-2</pre>
  <p>Then load this page again. <code>kn doctor</code> says what is already made.</p>
</div>
"""


def build(api: Api) -> gr.Blocks:
    """The page over a lake, with its questions and longer work answered by `api`."""
    functions: list[Callable[..., Any]] = [
        *api.functions(),
        *_job_functions(api),
        *making.functions(api.context),
    ]
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as blocks:
        widget("bar", '<div data-kn="bar"></div>', functions=functions)
        is_empty = not api.context.atlases()
        gr.HTML(_empty(api), visible=is_empty, elem_id="kn-empty", apply_default_css=False)
        with gr.Tabs(elem_id="kn-tabs"):
            for tab in TABS:
                with gr.Tab(tab.title, id=tab.id):
                    widget(tab.id, tab.skeleton)
    return blocks


def _empty(api: Api) -> str:
    """The page of a lake without an atlas; those that are damaged are named."""
    database = api.context.database
    told = [
        waits_for(database, key, ["tokens"], f"Atlas {key}") for key in damaged_atlases(database)
    ] or ["There is no atlas in this lake yet."]
    lines = (re.sub("`(.*?)`", r"<code>\1</code>", html.escape(words)) for words in told)
    return _EMPTY.replace("{why}", "".join(f"<p>{line}</p>" for line in lines))


def _job_functions(api: Api) -> list[Callable[..., Awaitable[str]]]:
    """What static/page/job.js calls: each gives a job's state (see `ui.runs.queue.Queue.look`).

    They wait a little for a change of it, without keeping a thread: the page needs no timer,
    which browsers slow down in a tab that isn't looked at.
    """

    def text(asked: object, name: str, longest: int = _LONGEST_NAME) -> str:
        return Checked(api.context, asked).text(name, longest)

    async def job_start(asked: object, request: gr.Request) -> str:
        try:
            name, page = text(asked, "name"), text(asked, "page")
        except KnError as e:
            return to_json({"state": "failed", "error": str(e)})
        arguments = asked.get("arguments") if isinstance(asked, dict) else None
        person = _person(request, page, api.context.shared)
        ticket, state = await asyncio.to_thread(api.start, name, arguments, person)
        end = time.monotonic() + QUICK_S
        while ticket and api.is_under_way(ticket) and time.monotonic() < end:
            await asyncio.sleep(0.005)
        return api.look(ticket) if ticket else state

    async def job_look(asked: object) -> str:
        try:
            ticket, seen = text(asked, "job"), text(asked, "seen", _LONGEST_STATE)
        except KnError as e:
            return to_json({"state": "lost", "error": str(e)})
        return await _look(api, ticket, seen, LOOK_S)

    async def job_cancel(asked: object) -> str:
        try:
            api.cancel(text(asked, "job"))
        except KnError as e:
            return to_json({"error": str(e)})
        return "{}"

    return [job_start, job_look, job_cancel]


async def _look(api: Api, ticket: str, seen: str, seconds: float) -> str:
    """The state once it is another than `seen`, or the same after some time."""
    pause, end = 0.005, time.monotonic() + seconds
    while (state := api.look(ticket)) == seen and time.monotonic() < end:
        await asyncio.sleep(pause)
        pause = min(2 * pause, 0.02)
    return state


def _person(request: gr.Request, page: str, shared: bool) -> str:
    """Who asks: by their login, of which each has a token of its own; else by their address; on
    their own machine by the page they ask from.
    """
    known = login(request.app, request.cookies)
    if known is not None:
        return known
    address = request.client.host if request.client else ""
    return page if not shared and address in LOCAL else address
