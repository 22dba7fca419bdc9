"""A question of the page is a small JSON object: it is read up to a limit, and looked through."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.middleware.replies import closing, is_question, refusal

LARGEST = 1 << 20
"""Bytes of a body: a text of 200,000 characters of any script fits."""
LARGEST_OF_STRANGERS = 256 << 10
"""The same where texts are short: a query of SQL is the longest, of 20,000 characters."""
LARGEST_LOGIN = 4 << 10
DEEPEST = 20
LONGEST_NAME = 64  # of a session, which Gradio remembers
LARGEST_NUMBER = 1 << 63
MOST_VALUES = 20_000
"""Values of a question: to read a million of nothing keeps all others waiting meanwhile."""
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BEFORE_VALUES = (b"[", b"{", b",", b":")


class Unreadable(Exception):
    """What a body is, which is no question."""


class Bodies:
    """Refuses bodies that are too large, no JSON, or hold what no part of the app can take."""

    def __init__(self, app: ASGIApp, largest: int = LARGEST) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        asked = is_question(scope)
        most = self._largest if asked else LARGEST_LOGIN
        headers = Headers(scope=scope)
        body = await _read(headers, receive, most)
        if body is None:
            words = f"larger than {most:,} bytes"
            await refusal(413, words, **closing(scope))(scope, receive, send)
            return
        if asked:
            if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
                await refusal(415, "a question is application/json")(scope, receive, send)
                return
            try:
                check(body)
            except Unreadable as e:
                await refusal(400, str(e))(scope, receive, send)
                return
        await self._app(scope, _again(body, receive), send)


async def _read(headers: Headers, receive: Receive, most: int) -> bytes | None:
    """The body; None where it is larger than `most`, of which no more is read than shows it."""
    told = headers.get("content-length", "0")
    if not told.isdecimal() or int(told) > most:
        return None
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > most:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """`receive` for who reads the body that was read."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def check(body: bytes) -> None:
    """Raise Unreadable unless it is a JSON object of values that all parts of the app can take."""
    if len(body) > MOST_VALUES and _has_too_many(body):
        raise Unreadable(f"no JSON of a question: more than {MOST_VALUES:,} values")
    try:
        asked = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as e:
        raise Unreadable("no JSON") from e
    if not isinstance(asked, dict):
        raise Unreadable("no JSON object")
    name = asked.get("session_hash")
    if name is not None and not (isinstance(name, str) and len(name) <= LONGEST_NAME):
        raise Unreadable("no name of a session")
    _look_through(asked)


def _has_too_many(body: bytes) -> bool:
    """Whether it has more values than it may, before it is read: what stands in texts is none."""
    n = end = 0
    for text in _STRING.finditer(body):
        n += 1 + sum(body.count(sign, end, text.start()) for sign in _BEFORE_VALUES)
        if n > MOST_VALUES:
            return True
        end = text.end()
    return n + sum(body.count(sign, end) for sign in _BEFORE_VALUES) > MOST_VALUES


def _look_through(asked: Any) -> None:
    level = [asked]
    for _ in range(DEEPEST):
        found: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                found += [*value, *value.values()]
            elif isinstance(value, list):
                found += value
            elif isinstance(value, str):
                _check_text(value)
            elif isinstance(value, int) and abs(value) >= LARGEST_NUMBER:
                raise Unreadable("a number is too large")
        if not found:
            return
        level = found
    raise Unreadable("nested too deeply")


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as e:
        raise Unreadable("a text holds half a character") from e


def _no_number(text: str) -> Any:
    raise Unreadable(f"{text} is no number in JSON")
