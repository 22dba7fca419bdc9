"""Serving the app: on this machine by default, to others only behind a password or when told so."""

from __future__ import annotations

import contextlib
import io
import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kn_assets.errors import KnError
from kn_assets.lake import Lake

if TYPE_CHECKING:
    import gradio as gr

    from ui.api import Api

_LAST_PORT = 65_535
LOCAL = ("127.0.0.1", "localhost", "::1")


def serve(
    lake: Lake,
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    share: bool = False,
    auth: str | None = None,
    public: bool = False,
    quiet: bool = False,
) -> gr.Blocks:
    """Start the app and return its Blocks; `blocks.block_thread()` waits for Ctrl+C.

    `auth` is USER:PASS. Raises KnError where the port is taken, `auth` is malformed, or a share
    link would be open to everyone without `public`.
    """
    credentials = _credentials(auth)
    if share and credentials is None and not public:
        raise KnError(
            "a share link lets anyone in who has it: give --auth USER:PASS, or --public to allow it"
        )
    check_port(host, port)
    from ui.runs.live import LIVE_SHARED
    from ui.runs.sql import SHARED

    limits: dict[str, Any] = {}
    if share or host not in LOCAL:
        limits = {"limits": SHARED, "live_limits": LIVE_SHARED}
    options = {"server_name": host, "server_port": port, "share": share, "auth": credentials}
    blocks, local, link = _launch(_api(lake, **limits), **options)
    if share and not link:
        print("No public link could be had (it needs the internet and frpc): going on locally.")
    if not quiet:
        print(f"Knowledge neurons explorer at {local}" + (f" and {link}" if link else ""))
    return blocks


def launch_for_tests(
    lake: Lake, limits: dict[str, Any] | None = None, **options: Any
) -> tuple[str, Callable[[], None]]:
    """Start the app on a free port; returns its address and a function that stops it.

    `limits` are those of `ui.context.Context`.
    """
    api = _api(lake, **(limits or {}))
    blocks, local, _ = _launch(api, server_name="127.0.0.1", **options)

    def close() -> None:
        blocks.close(verbose=False)
        api.context.close()

    return local, close


def _api(lake: Lake, **limits: Any) -> Api:
    from ui.api import Api
    from ui.app import TABS
    from ui.context import Context

    return Api(Context(lake, **limits), TABS)


def _launch(api: Api, **options: Any) -> tuple[gr.Blocks, str, str | None]:
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    from ui.app import TABS, build
    from ui.page.widgets import head, route

    blocks = build(api)
    # SQL and live runs have a queue of their own, with its limits: there is no way round it.
    blocks.queue(api_open=False, default_concurrency_limit=8)
    # Nothing here goes through Gradio's queue, which looks for work a thousand times a second: that
    # costs a waiting app some percent of a core. This is the pause that it takes on Windows.
    blocks._queue.sleep_when_free = 0.05
    system = ["system-ui", "sans-serif"]
    theme = gr.themes.Default(
        primary_hue="green", font=system, font_mono=["ui-monospace", "monospace"]
    )
    # Gradio's own words about links and tunnels are said better above.
    with contextlib.redirect_stdout(io.StringIO()):
        _, local, link = blocks.launch(
            prevent_thread_lock=True,
            quiet=True,
            theme=theme,
            head=head(TABS),
            footer_links=[],
            run_history=False,
            app_kwargs={"openapi_url": None, "routes": [route(TABS), *_closed()]},
            ssr_mode=False,
            **options,
        )
    return blocks, local, link


def _closed() -> list[Route]:
    """Gradio's ways to call an event from outside, of which the app has none to offer."""

    async def nothing(request: Request) -> Response:
        return Response(status_code=404)

    ways = ("run", "api", "call")
    return [Route(f"/gradio_api/{way}/{{name:path}}", nothing, methods=["POST"]) for way in ways]


def _credentials(auth: str | None) -> tuple[str, str] | None:
    if auth is None:
        return None
    user, colon, password = auth.partition(":")
    if not (user and colon and password):
        raise KnError("--auth takes USER:PASS, for example --auth reader:secret")
    return user, password


def check_port(host: str, port: int) -> None:
    """Raise KnError, naming the port, where the app can't listen on it."""
    if not 0 <= port <= _LAST_PORT:
        raise KnError(f"--port {port} is no port: give one from 1 to {_LAST_PORT}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as e:
            raise KnError(
                f"can't listen on {host} port {port} ({e.strerror}): give another one with --port"
            ) from e
