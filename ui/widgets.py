"""The parts of the page that are drawn by our own JavaScript, as Gradio components.

A widget is a static skeleton: no value ever enters a template, since Gradio runs templates as code.
The scripts of static/ go to the page once; widgets announce themselves to them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

if TYPE_CHECKING:
    from ui.tab import Tab

STATIC = Path(__file__).parent / "static"
# In the order in which they build on each other: those of the tabs come before the last.
SCRIPTS = ("page/core.js", "page/store.js", "page/prompt.js", "neuron/neuron.js", "page/bar.js")
LAST = "page/mount.js"
STYLES = ("page/app.css",)


def head(tabs: Sequence[Tab]) -> str:
    """The page's styles and scripts with those of `tabs`, for `launch(head=...)`.

    Styles come this way too, since what `launch(css=...)` is given loses its @container rules.
    """
    scripts = (*SCRIPTS, *(name for tab in tabs for name in tab.scripts), LAST)
    styles = (*STYLES, *(name for tab in tabs for name in tab.styles))
    style, script = (
        "\n".join((STATIC / name).read_text(encoding="utf-8") for name in names)
        for names in (styles, scripts)
    )
    return f"<style>{style}</style><script>{script}</script>"


def widget(
    name: str,
    skeleton: str,
    functions: Sequence[Callable[..., Any]] = (),
    events: Sequence[str] = (),
) -> gr.HTML:
    """A component which static/mount.js fills.

    `functions` can be called from its script as `server.<name>(argument)`; `events` are what it may
    trigger, e.g. `widget(..., events=["run"]).run(handler)`.
    """
    return gr.HTML(
        None,
        html_template=skeleton,
        js_on_load="(window.knWidgets ??= []).push({"
        f"name: {json.dumps(name)}, events: {json.dumps(list(events))}, "
        "element, server, trigger, props, watch});",
        apply_default_css=False,
        elem_id=f"kn-{name}",
        server_functions=list(functions),
    )


def pane(name: str, label: str) -> str:
    """A section of a skeleton, by the name under which static/mount.js finds it."""
    return f'<section class="kn-pane" data-kn="{name}" aria-label="{label}"></section>'
