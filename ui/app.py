"""The app: a bar, and the tabs Explore, Map and SQL, wired to the lake."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.api import Api
from ui.sql import AT_ONCE, SqlTab
from ui.widgets import pane, widget

TITLE = "Knowledge neurons explorer"

_EMPTY = """
<div class="kn-empty-page" data-kn="empty">
  <h2>Knowledge neurons explorer</h2>
  <p>There is no atlas in this lake yet. One of these makes one:</p>
  <pre>kn demo                                   # cities' facts and a small model, all offline
kn run --corpus wikipedia --model gpt2    # Wikipedia's city articles and GPT-2</pre>
  <p>Then load this page again. <code>kn doctor</code> says what is already made.</p>
</div>
"""


def build(api: Api, sql: SqlTab) -> gr.Blocks:
    """The page, with its questions answered by `api` and its queries by `sql`."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as blocks:
        widget("bar", '<div data-kn="bar"></div>', functions=api.functions())
        gr.HTML(_EMPTY, visible=not api.atlases(), elem_id="kn-empty", apply_default_css=False)
        with gr.Tabs(elem_id="kn-tabs"):
            with gr.Tab("Explore", id="explore"):
                widget(
                    "explore",
                    '<div class="kn-explore">'
                    + pane("cities", "Prompts")
                    + pane("prompt", "The prompt's neurons by layer")
                    + pane("neuron", "The selected neuron")
                    + "</div>",
                )
            with gr.Tab("Map", id="map"):
                widget(
                    "map",
                    '<div class="kn-map">'
                    + pane("map", "Map")
                    + pane("neuron", "The selected neuron")
                    + "</div>",
                )
            with gr.Tab("SQL", id="sql"):
                tab = widget("sql", '<div data-kn="sql"></div>', events=("run", "download"))

        def run(event: gr.EventData, request: gr.Request) -> str:
            return sql.run(event._data, _user(request))

        def download(event: gr.EventData, request: gr.Request) -> str:
            return sql.download(event._data, _user(request))

        options: dict[str, Any] = {
            "show_progress": "minimal",
            "api_visibility": "private",
            "concurrency_limit": AT_ONCE,
            "concurrency_id": "sql",
        }
        tab.run(run, None, tab, **options)
        tab.download(download, None, tab, **options)
    return blocks


def _user(request: gr.Request) -> str:
    """Who asks: the name they logged in with, else the tab they ask from."""
    return request.username or request.session_hash or ""
