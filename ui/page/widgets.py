"""The parts of the page that are drawn by our own JavaScript, as Gradio components.

A widget is a static skeleton: no value ever enters a template, since Gradio runs templates as code.
The scripts of static/ are ES modules that the page loads once; widgets announce themselves to them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ui.page.scripts import joined

if TYPE_CHECKING:
    from ui.tab import Tab

STATIC = Path(__file__).parents[1] / "static"
STYLES = ("page/app.css", "page/ask.css", "page/first_hour.css")
GLOSSARY = "page/glossary.json"  # written by docs/generate.py
MOUNT = "page/mount.js"  # fills the widgets
NEURON_PAGE = "neuron_page/neuron_page.js"  # comes when it is first opened
TESTING = "testing.js"  # what browser tests and the benchmark reach for


@cache
def _served(tab_scripts: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """Where the scripts are, a path of their content's own so that none is ever stale; and they."""
    scripts = joined(STATIC, (MOUNT, *tab_scripts, NEURON_PAGE, TESTING))
    scripts[GLOSSARY] = (STATIC / GLOSSARY).read_text(encoding="utf-8")
    content = hashlib.sha256(json.dumps(scripts, sort_keys=True).encode())
    return f"kn-page/{content.hexdigest()[:16]}", scripts


def _scripts(tabs: Sequence[Tab]) -> tuple[str, dict[str, str]]:
    return _served(tuple(tab.script for tab in tabs))


def route(tabs: Sequence[Tab]) -> Route:
    """The route of the scripts, open to all like Gradio's own: they hold nothing of a lake."""
    base, scripts = _scripts(tabs)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}

    async def script(request: Request) -> Response:
        name = request.path_params["name"]
        if (content := scripts.get(name)) is None:
            return Response(status_code=404)
        kind = "application/json" if name == GLOSSARY else "text/javascript"
        # One of its own each time: what compresses answers on their way changes their headers.
        return Response(content, headers=headers, media_type=kind)

    return Route(f"/{base}/{{name:path}}", script)


# Three rows of cells, some of them fired. In the page itself: browsers ask for an icon's file at
# each address.
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' "
    "fill='%2316803c'%3E%3Cpath d='M2 2h3v3H2zM6.5 6.5h3v3h-3zM11 11h3v3h-3z'/%3E"
    "%3Cpath opacity='.35' d='M6.5 2h3v3h-3zM11 2h3v3h-3zM2 6.5h3v3H2zM11 6.5h3v3h-3z"
    "M2 11h3v3H2zM6.5 11h3v3h-3z'/%3E%3C/svg%3E"
)


def head(tabs: Sequence[Tab]) -> str:
    """The page's styles and scripts with those of `tabs`, for `launch(head=...)`.

    Styles come inline, since what `launch(css=...)` is given loses its @container rules. Scripts
    have addresses relative to the page's, so that they are found behind a share link or a proxy.
    The first tab's is fetched at once; the other tabs' come when the page is ready, or when one is
    chosen.
    """
    styles = (*STYLES, *(name for tab in tabs for name in tab.styles))
    style = "\n".join((STATIC / name).read_text(encoding="utf-8") for name in styles)
    listed = [{"name": tab.id, "script": tab.script, "texts": tab.texts} for tab in tabs]
    base, _ = _scripts(tabs)
    terms = f'data-glossary="{base}/{GLOSSARY}"'
    return "\n".join(
        (
            f'<link rel="icon" href="{_ICON}">',
            f"<style>{style}</style>",
            f'<script type="application/json" id="kn-tab-scripts" {terms}>{json.dumps(listed)}'
            "</script>",
            f'<link rel="modulepreload" href="{base}/{tabs[0].script}">',
            f'<script type="module" src="{base}/{MOUNT}"></script>',
        )
    )


def widget(
    name: str,
    skeleton: str,
    functions: Sequence[Callable[..., Any]] = (),
) -> gr.HTML:
    """A component which static/mount.js fills.

    `functions` can be called from its script as `server.<name>(argument)`.
    """
    return gr.HTML(
        None,
        html_template=skeleton,
        js_on_load="(window.knWidgets ??= []).push({"
        f"name: {json.dumps(name)}, element, server}});",
        apply_default_css=False,
        elem_id=f"kn-{name}",
        server_functions=list(functions),
    )


def pane(name: str, label: str) -> str:
    """A section of a skeleton, by the name under which static/mount.js finds it."""
    return f'<section class="kn-pane" data-kn="{name}" aria-label="{label}"></section>'
