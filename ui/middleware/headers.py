"""Headers that keep a browser from doing with the page what it isn't for."""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'self'",
        # Gradio's page has its settings in a script, and makes functions of its templates.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_FIXED = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
_SAME_SITE = re.compile(r";\s*samesite=none", re.IGNORECASE)


class Headers:
    """Adds a Content-Security-Policy; cookies go along with the page's own requests alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _FIXED.items():
                    headers[name] = value
                message["headers"] = [_lax(name, value) for name, value in headers.raw]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


def _lax(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A cookie for requests of the site's own, where Gradio's is for those of any."""
    if name.lower() != b"set-cookie":
        return name, value
    text = _SAME_SITE.sub("", value.decode("latin-1"))
    if "samesite" not in text.lower():
        text += "; SameSite=Lax"
    return name, text.encode("latin-1")
