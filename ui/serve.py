"""Serving the app: on this machine by default, to others only behind a password or when told so."""

from __future__ import annotations

import contextlib
import io
import os
import re
import socket
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from ui.access import check_open, credentials, is_own
from ui.middleware import Hosts, check_frames, guards, nothing_there
from ui.middleware.connections import bound, open_files

if TYPE_CHECKING:
    import gradio as gr

    from ui.api import Api
    from ui.page.making import Making

_LAST_PORT = 65_535


def serve(
    lake: Lake,
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    share: bool = False,
    auth: str | None = None,
    public: bool = False,
    quiet: bool = False,
    making: Making | None = None,
    allowed_hosts: Sequence[str] = (),
    root_path: str = "",
    frame_ancestors: Sequence[str] = (),
) -> gr.Blocks:
    """Start the app and return its Blocks; `wait` serves them until Ctrl+C.

    `auth`: see `ui.access.credentials`. `making` makes things on the owner's wish, where `is_own`.
    `allowed_hosts`: names by which the app is called beside its address; `root_path`: what a proxy
    puts before its paths, `/kn`; `frame_ancestors`: sites whose pages may show the app in a frame,
    beside its own. Raises KnError where the port is taken, `auth` or `root_path` is malformed, too
    few files may be open, or strangers could reach the app without a password and `public` doesn't
    say so.
    """
    known = credentials(auth)
    check_open(host, share, public, known)
    check_port(host, port)
    check_root(root_path)
    check_frames(frame_ancestors)
    open_files()
    from ui.runs.limits import LIVE_SHARED
    from ui.runs.sql import SHARED

    limits: dict[str, Any] = {}
    own = is_own(host, share, auth, proxied=bool(root_path or allowed_hosts))
    if not own:
        limits = {"limits": SHARED, "live_limits": LIVE_SHARED, "shared": True}
    else:
        limits["making"] = making
    options: dict[str, Any] = {"server_name": host, "server_port": port, "share": share}
    options |= {"auth": known, "root_path": root_path or None}
    hosts = Hosts([*allowed_hosts, host], shared=share, protected=known is not None)
    api = _api(lake, **limits)
    blocks, local, link = _launch(api, hosts, frame_ancestors, **options)
    if share and not link:
        print("No public link could be had (it needs the internet and frpc): going on locally.")
    if not quiet:
        print(f"Knowledge neurons explorer at {local}" + (f" and {link}" if link else ""))
    return blocks


def wait(blocks: gr.Blocks) -> NoReturn:
    """Serve until a KeyboardInterrupt, which goes on to the caller: Gradio's own way to wait keeps
    it, and has words of its own for it.
    """
    try:
        while True:  # a wait without end may not notice a signal that another thread was given
            time.sleep(0.2)
    finally:
        blocks.close(verbose=False)


def launch_for_tests(
    lake: Lake,
    limits: dict[str, Any] | None = None,
    frame_ancestors: Sequence[str] = (),
    **options: Any,
) -> tuple[str, Callable[[], None]]:
    """Start the app on a free port; returns its address and a function that stops it.

    `limits` are those of `ui.context.Context`.
    """
    api = _api(lake, **(limits or {}))
    blocks, local, _ = _launch(api, Hosts(), frame_ancestors, server_name="127.0.0.1", **options)

    def close() -> None:
        blocks.close(verbose=False)
        api.context.close()

    return local, close


def _api(lake: Lake, **limits: Any) -> Api:
    from ui.api import Api
    from ui.app import TABS
    from ui.context import Context

    return Api(Context(lake, **limits), TABS)


def _launch(
    api: Api, hosts: Hosts, frames: Sequence[str] = (), **options: Any
) -> tuple[gr.Blocks, str, str | None]:
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
            app_kwargs={
                "openapi_url": None,
                "routes": [route(TABS)],
                "middleware": guards(hosts, frames, shared=api.context.shared),
                "exception_handlers": {KeyError: nothing_there},
            },
            ssr_mode=False,
            **options,
        )
    bound(blocks.server.config)
    return blocks, local, link


def check_root(path: str) -> None:
    """Raise KnError for what is no path below a site."""
    if path and not re.fullmatch(r"(/[\w.~-]+)+", path):
        raise KnError(f"--root-path {path} is no path: it begins with / and doesn't end so, as /kn")


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
