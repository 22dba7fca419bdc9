"""The app: a bar and the tabs, wired to what answers them. How to add a tab: see `ui.tab`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import gradio as gr

from ui.api import Api
from ui.context import Context
from ui.explore import tab as explore_tab
from ui.knowledge import tab as knowledge_tab
from ui.map import tab as map_tab
from ui.sql import tab as sql_tab
from ui.tab import Event
from ui.training import tab as training_tab
from ui.widgets import widget

TABS = (explore_tab.TAB, map_tab.TAB, knowledge_tab.TAB, training_tab.TAB, sql_tab.TAB)
"""In their order on the page."""

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


def build(api: Api) -> gr.Blocks:
    """The page over a lake, with its questions and longer work answered by `api`."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as blocks:
        widget("bar", '<div data-kn="bar"></div>', functions=api.functions())
        gr.HTML(
            _EMPTY, visible=not api.context.atlases(), elem_id="kn-empty", apply_default_css=False
        )
        with gr.Tabs(elem_id="kn-tabs"):
            for tab in TABS:
                with gr.Tab(tab.title, id=tab.id):
                    page = widget(tab.id, tab.skeleton, events=tuple(tab.events))
                for name, event in tab.events.items():
                    getattr(page, name)(
                        _handler(api.context, event),
                        None,
                        page,
                        show_progress="hidden",
                        trigger_mode="multiple",  # who may ask twice at once is for `answer` to say
                        api_visibility="private",
                        concurrency_limit=event.at_once,
                        concurrency_id=tab.id,
                    )
    return blocks


def _handler(context: Context, event: Event) -> Callable[..., Iterator[str]]:
    def answer(asked: gr.EventData, request: gr.Request) -> Iterator[str]:
        found = event.answer(context, asked._data, _user(request))
        yield from [found] if isinstance(found, str) else found

    return answer


def _user(request: gr.Request) -> str:
    """Who asks: the name they logged in with, else the tab they ask from."""
    return request.username or request.session_hash or ""
