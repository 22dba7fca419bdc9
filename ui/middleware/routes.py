"""Only the routes that the page uses are open, to addresses that could be its own."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from ui.middleware.replies import closing, path_of, refusal

# Of a name that no file can have, such as one of a thousand characters, Gradio's own routes would
# ask the disk, which fails.
_NAME = r"[A-Za-z0-9_.@+~-]{1,120}"
_READ = re.compile(
    r"/|/(config|theme\.css|favicon\.ico|manifest\.json|robots\.txt|pwa_icon(/\d+)?)/?"
    rf"|/(assets|static|svelte|kn-page)(/{_NAME}){{1,8}}"
    r"|/(login_check|logout|app_id)/?"
    r"|/gradio_api/(login_check|app_id|theme\.css|startup-events)/?"
)
_WRITTEN = re.compile(r"/(login|logout)/?|/gradio_api/component_server/?")


class Routes:
    """Answers 404 to every other: what Gradio adds in a later release is closed too.

    What stands after the question mark is for the page's own scripts; Gradio, which would look for
    a page or a saved state by it, isn't told.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and not is_open(scope["method"], path_of(scope)):
            there = refusal(404, "there is nothing here", **closing(scope))
            await there(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            await self._app({**scope, "query_string": b""}, receive, send)


def is_open(method: str, path: str) -> bool:
    """Whether the page has a use for it."""
    if method in ("GET", "HEAD"):
        return bool(_READ.fullmatch(path))
    return method == "POST" and bool(_WRITTEN.fullmatch(path))
