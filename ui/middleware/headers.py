"""Headers that keep a browser from doing with the page what it isn't for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kn_assets.errors import KnError

_POLICY = "; ".join(
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
_FIXED = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
_SITE = re.compile(r"https?://(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?")
_SAME_SITE = re.compile(r";\s*samesite=none", re.IGNORECASE)


def policy(frames: Sequence[str] = ()) -> str:
    """The Content-Security-Policy of an app that pages of `frames` may show in a frame."""
    return " ".join((_POLICY, *frames))


def check_frames(frames: Sequence[str]) -> None:
    """Raise KnError for what is no site."""
    for site in frames:
        if not _SITE.fullmatch(site):
            raise KnError(
                f"--frame-ancestor {site} is no site: give its scheme and name, as "
                "https://lab.example.org or https://*.example.org"
            )


class Headers:
    """Adds a Content-Security-Policy; cookies go along with the page's own requests alone.

    Where pages of other sites may show the app in a frame, the page's own requests are those of
    another site's frame to a browser. The cookie that is sent over HTTPS alone then goes along with
    them, but only in that site's pages (`Partitioned`).
    """

    def __init__(self, app: ASGIApp, frames: Sequence[str] = ()) -> None:
        self._app = app
        self._fixed = {"Content-Security-Policy": policy(frames), **_FIXED}
        self._cookie = _framed if frames else _lax

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._fixed.items():
                    headers[name] = value
                message["headers"] = [self._cookie(name, value) for name, value in headers.raw]
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


def _framed(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A cookie for the app in a frame of another site's page, where it may be one."""
    text = value.decode("latin-1")
    if name.lower() != b"set-cookie" or not re.search(r";\s*secure", text, re.IGNORECASE):
        return _lax(name, value)
    text = re.sub(r";\s*(samesite=\w+|partitioned)", "", text, flags=re.IGNORECASE)
    return name, f"{text}; SameSite=None; Partitioned".encode("latin-1")
