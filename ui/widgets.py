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
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from starlette.responses import Response

    from ui.tab import Tab

STATIC = Path(__file__).parent / "static"
STYLES = ("page/app.css",)
LAST = "page/mount.js"  # runs after the scripts of the tabs, whose widgets it fills


@cache
def _base() -> str:
    """Where the files of static/ are: a path of their content's own, so that none is ever stale."""
    content = hashlib.sha256()
    for path in sorted(STATIC.rglob("*.*")):
        content.update(path.relative_to(STATIC).as_posix().encode() + b"\0" + path.read_bytes())
    return f"kn/{content.hexdigest()[:16]}"


class _Unchanging(StaticFiles):
    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def route() -> Mount:
    """The route of the scripts, open to all like Gradio's own: they hold nothing of a lake."""
    return Mount(f"/{_base()}", _Unchanging(directory=STATIC))


def head(tabs: Sequence[Tab]) -> str:
    """The page's styles and scripts with those of `tabs`, for `launch(head=...)`.

    Styles come inline, since what `launch(css=...)` is given loses its @container rules. Scripts
    have addresses relative to the page's, so that they are found behind a share link or a proxy;
    all are fetched at once, before the first asks for its imports.
    """
    styles = (*STYLES, *(name for tab in tabs for name in tab.styles))
    style = "\n".join((STATIC / name).read_text(encoding="utf-8") for name in styles)
    modules = sorted(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.js"))
    fetched = (f'<link rel="modulepreload" href="{_base()}/{name}">' for name in modules)
    scripts = (*(tab.script for tab in tabs), LAST)
    run = (f'<script type="module" src="{_base()}/{name}"></script>' for name in scripts)
    return "\n".join((f"<style>{style}</style>", *fetched, *run))


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
