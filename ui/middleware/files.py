"""Files of the page, which are the same for everybody, from memory.

A page asks for some forty of them. Gradio reads and compresses each anew for each visitor, most of
what the server does while a page opens.
"""

from __future__ import annotations

import gzip
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.middleware.replies import path_of

_SHARED = re.compile(r"/(assets|kn-page)/.+")
_LARGEST = 4 << 20  # bytes of a file
_MOST = 32 << 20  # of all
_KEEP = "public, max-age=86400"  # their names, or their folder's, have a hash of what is in them
_PACKS = (".js", ".css", ".json", ".svg", ".html", ".map")
_LEAST = 400  # bytes that are worth packing

_Key = tuple[str, bool]
"""The path, and whether the answer may be packed."""


class Files:
    """Keeps the answers to requests for whole files, packed where that serves.

    Gradio's own middleware, which stands before all guards, lets packed answers pass.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[_Key, tuple[Message, bytes]] = {}
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        key = _key(scope)
        if key is None:
            await self._app(scope, receive, send)
        elif key in self._kept:
            start, body = self._kept[key]
            await send({**start, "headers": list(start["headers"])})  # others add theirs to it
            await send({"type": "http.response.body", "body": body})
        else:
            await self._app(scope, receive, _Recorder(self, key, send))

    def keep(self, key: _Key, start: Message, body: bytes) -> None:
        """Answer with it from now on, where there is room."""
        start, body = _packed(key, start, body)
        if len(body) <= _LARGEST and self._size + len(body) <= _MOST and key not in self._kept:
            self._kept[key] = start, body
            self._size += len(body)


class _Recorder:
    """Sends an answer on, and has it kept once it is whole."""

    def __init__(self, files: Files, key: _Key, send: Send) -> None:
        self._files, self._key, self._send = files, key, send
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            headers = MutableHeaders(raw=list(message["headers"]))
            if "set-cookie" not in headers:
                headers.setdefault("Cache-Control", _KEEP)
                message = {**message, "headers": headers.raw}
                self._start = {**message, "headers": list(headers.raw)}
        elif message["type"] == "http.response.body" and self._start is not None:
            if len(self._body) <= _LARGEST:
                self._body += message.get("body", b"")
            if not message.get("more_body", False):
                self._files.keep(self._key, self._start, bytes(self._body))
        await self._send(message)


def _packed(key: _Key, start: Message, body: bytes) -> tuple[Message, bytes]:
    path, may_be = key
    headers = MutableHeaders(raw=list(start["headers"]))
    if not (may_be and path.endswith(_PACKS) and len(body) >= _LEAST):
        return start, body
    if "content-encoding" in headers:
        return start, body
    body = gzip.compress(body, 6, mtime=0)
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(body))
    headers.add_vary_header("Accept-Encoding")
    return {**start, "headers": headers.raw}, body


def _key(scope: Scope) -> _Key | None:
    """What tells one answer from another; None of what isn't a request for a whole file."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    path = path_of(scope)
    headers = Headers(scope=scope)
    asks = any(name in headers for name in ("range", "if-none-match", "if-modified-since"))
    if asks or not _SHARED.fullmatch(path):
        return None
    return path, "gzip" in headers.get("accept-encoding", "")
