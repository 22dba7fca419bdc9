"""Requests of this app's own page are told from those that another site's page makes."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.middleware.replies import refusal

_SHARED = ".gradio.live"
_WORDS = (
    "this app doesn't answer by that name: open it by its address, or say the name with "
    "--allowed-host"
)


class Hosts:
    """The names by which the app may be called.

    An address or `localhost` always is; another name could be one that a stranger's page has made
    point here (DNS rebinding), so only those named count. Behind a password any name does: what
    protects the app is then not where it is reached from.
    """

    def __init__(
        self, named: Iterable[str] = (), shared: bool = False, protected: bool = False
    ) -> None:
        own = socket.gethostname().lower()
        self._named = {name.lower() for name in named} | {own, f"{own}.local"}
        self._shared, self._protected = shared, protected

    def allow(self, host: str) -> bool:
        """Whether a `Host` header's value names this app."""
        name = (urlsplit(f"//{host}").hostname or "").lower()
        if not name:
            return False
        if self._protected or name == "localhost" or name in self._named:
            return True
        if self._shared and name.endswith(_SHARED):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


class Origins:
    """Refuses what other sites' pages ask, and what comes by a stranger's name for this machine."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if not self._hosts.allow(headers.get("host", "")):
                await refusal(421, _WORDS)(scope, receive, send)
                return
            if is_foreign(scope["method"], headers):
                await refusal(403, "another site's page may not ask this app")(scope, receive, send)
                return
        await self._app(scope, receive, send)


def is_foreign(method: str, headers: Headers) -> bool:
    """Whether a page of another site asks: by the Origin of a request, or by what browsers say of
    one without. A link from elsewhere that opens the page is none.
    """
    if (origin := headers.get("origin")) is not None:
        told = {headers.get("host", ""), headers.get("x-forwarded-host", "")} - {""}
        return urlsplit(origin).netloc.lower() not in {host.lower() for host in told}
    is_elsewhere = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    opens = method in ("GET", "HEAD") and headers.get("sec-fetch-mode") == "navigate"
    return is_elsewhere and not opens
