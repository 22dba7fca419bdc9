"""The parts of the page that are drawn by our own JavaScript, as Gradio components.

A widget is a static skeleton: no value ever enters a template, since Gradio runs templates as code.
The scripts of static/ are ES modules that the page loads once; widgets announce themselves to them.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from ui.tab import Tab

STATIC = Path(__file__).parent / "static"
STYLES = ("page/app.css",)
_IMPORT = re.compile(r'^import [^;]*?"([^"]+)";', re.MULTILINE)
MOUNT = "page/mount.js"  # fills the widgets


@cache
def _base() -> str:
    """Where the files of static/ are: a path of their content's own, so that none is ever stale."""
    content = hashlib.sha256()
    for path in sorted(STATIC.rglob("*.*")):
        content.update(path.relative_to(STATIC).as_posix().encode() + b"\0" + path.read_bytes())
    return f"kn/{content.hexdigest()[:16]}"


def _modules() -> list[str]:
    return sorted(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.js"))


def route() -> Route:
    """The route of the scripts, open to all like Gradio's own: they hold nothing of a lake.

    They are answered from memory: there are many, and the first visit waits for half of them.
    """
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    scripts = {
        name: Response((STATIC / name).read_bytes(), headers=headers, media_type="text/javascript")
        for name in _modules()
    }
    missing = Response(status_code=404)

    async def script(request: Request) -> Response:
        return scripts.get(request.path_params["name"], missing)

    return Route(f"/{_base()}/{{name:path}}", script)


def head(tabs: Sequence[Tab]) -> str:
    """The page's styles and scripts with those of `tabs`, for `launch(head=...)`.

    Styles come inline, since what `launch(css=...)` is given loses its @container rules. Scripts
    have addresses relative to the page's, so that they are found behind a share link or a proxy.
    Those that the first tab needs are fetched at once, before one asks for the next; the other
    tabs' come when the page is ready, or when one is chosen.
    """
    styles = (*STYLES, *(name for tab in tabs for name in tab.styles))
    style = "\n".join((STATIC / name).read_text(encoding="utf-8") for name in styles)
    listed = [{"name": tab.id, "script": tab.script, "texts": tab.texts} for tab in tabs]
    first = tabs[0].script
    needed = _imported(first) | _imported(MOUNT)
    return "\n".join(
        (
            f"<style>{style}</style>",
            f'<script type="application/json" id="kn-tab-scripts">{json.dumps(listed)}</script>',
            *(f'<link rel="modulepreload" href="{_base()}/{name}">' for name in sorted(needed)),
            *(f'<script type="module" src="{_base()}/{name}"></script>' for name in (first, MOUNT)),
        )
    )


def _imported(name: str) -> set[str]:
    """A module with all that it imports, and what those import."""
    found: set[str] = set()
    wanted = [name]
    while wanted:
        module = wanted.pop()
        if module in found:
            continue
        found.add(module)
        text = (STATIC / module).read_text(encoding="utf-8")
        folder = posixpath.dirname(module)
        wanted += [posixpath.normpath(f"{folder}/{path}") for path in _IMPORT.findall(text)]
    return found


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
