"""What stands before Gradio's app: only what the page itself asks is let through, and little of it.

Gradio opens routes that this app has no use for (uploads, recordings, a queue, monitoring), answers
pages of other sites, and reads bodies of any size. Each class here is one ASGI middleware with one
idea, for `launch(app_kwargs={"middleware": ...})`.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from ui.middleware.bodies import LARGEST, LARGEST_OF_STRANGERS, Bodies
from ui.middleware.files import Files
from ui.middleware.headers import Headers, check_frames
from ui.middleware.logins import Logins
from ui.middleware.origins import Hosts, Origins
from ui.middleware.pace import Pace
from ui.middleware.replies import refusal
from ui.middleware.routes import Routes

__all__ = ["Hosts", "check_frames", "guards", "nothing_there"]


def guards(hosts: Hosts, frames: Sequence[str] = (), shared: bool = False) -> list[Middleware]:
    """All of them, the outermost first. frames: sites whose pages may show the app in a frame;
    shared: whether others can reach it, who ask less and not without a pause.
    """
    return [
        Middleware(Headers, frames=frames),
        Middleware(Origins, hosts=hosts),
        Middleware(Routes),
        Middleware(Files),
        *([Middleware(Pace)] if shared else []),
        Middleware(Bodies, largest=LARGEST_OF_STRANGERS if shared else LARGEST),
        Middleware(Logins),
    ]


async def nothing_there(request: Request, error: Exception) -> Response:
    """The answer where Gradio looks up a component that a question has made up."""
    return refusal(404, "there is nothing here")
