"""What the guards answer with."""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import Scope

_ASKED = "/gradio_api/component_server"


def refusal(status: int, words: str, **headers: str) -> JSONResponse:
    """A refusal as FastAPI words its own, so that the page's client shows it."""
    return JSONResponse({"detail": words}, status_code=status, headers=headers)


def is_question(scope: Scope) -> bool:
    """Whether it is what the page's scripts ask, which has a body."""
    asks = scope["type"] == "http" and scope["method"] == "POST"
    return asks and path_of(scope).rstrip("/") == _ASKED


def path_of(scope: Scope) -> str:
    """The path that was asked for, below what a proxy puts before it."""
    path, root = str(scope["path"]), str(scope.get("root_path") or "").rstrip("/")
    return path.removeprefix(root) if root and path.startswith(root + "/") else path
