"""What the guards answer with."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Scope

_ASKED = "/gradio_api/component_server"
_READ_ON = 8 << 20
"""Bytes of a refused body that are received all the same, so that who sent it sees why."""


def refusal(status: int, words: str, **headers: str) -> JSONResponse:
    """A refusal as FastAPI words its own, so that the page's client shows it."""
    return JSONResponse({"detail": words}, status_code=status, headers=headers)


def closing(scope: Scope) -> dict[str, str]:
    """Headers of a refusal: the connection is closed where much of the body is still to come, for
    to receive it would keep others waiting.
    """
    headers = Headers(scope=scope)
    told = headers.get("content-length", "0")
    is_much = not told.isdecimal() or int(told) > _READ_ON or "transfer-encoding" in headers
    return {"Connection": "close"} if is_much else {}


def is_question(scope: Scope) -> bool:
    """Whether it is what the page's scripts ask, which has a body."""
    asks = scope["type"] == "http" and scope["method"] == "POST"
    return asks and path_of(scope).rstrip("/") == _ASKED


def path_of(scope: Scope) -> str:
    """The path that was asked for, below what a proxy puts before it."""
    path, root = str(scope["path"]), str(scope.get("root_path") or "").rstrip("/")
    return path.removeprefix(root) if root and path.startswith(root + "/") else path
