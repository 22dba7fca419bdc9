"""Guesses at the password: one at a time from an address, each wrong one slower than the last."""

from __future__ import annotations

import logging
from asyncio import Lock, sleep
from collections import OrderedDict
from time import monotonic

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.middleware.replies import path_of, refusal

FREE = 3
"""Wrong passwords before the next has to wait."""
SLOWEST_S = 10.0
FORGOTTEN_S = 600.0
AT_ONCE = 5
"""Guesses of one address that wait for each other."""
ADDRESSES = 10_000
log = logging.getLogger(__name__)


class _Guesses:
    """What one address tried."""

    def __init__(self) -> None:
        self.wrong = 0
        self.waiting = 0
        self.last = monotonic()
        self.lock = Lock()

    @property
    def pause_s(self) -> float:
        if self.wrong < FREE:
            return 0.0
        return min(SLOWEST_S, 0.5 * 2.0 ** (self.wrong - FREE))


class Logins:
    """Slows down who guesses: 548 guesses a second become one in ten seconds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._by_address: OrderedDict[str, _Guesses] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or path_of(scope).rstrip("/") != "/login":
            await self._app(scope, receive, send)
            return
        address = (scope.get("client") or ("?", 0))[0]
        guesses = self._of(address)
        guesses.waiting += 1
        try:
            async with guesses.lock:
                # Many may log in at once from one address, as behind a proxy: guesses may not.
                if guesses.pause_s and guesses.waiting > AT_ONCE:
                    words = "too many wrong passwords: try again in a moment"
                    await refusal(429, words, **{"Retry-After": "10"})(scope, receive, send)
                    return
                await sleep(guesses.pause_s)
                await self._guess(scope, receive, send, guesses, address)
        finally:
            guesses.waiting -= 1

    async def _guess(
        self, scope: Scope, receive: Receive, send: Send, guesses: _Guesses, address: str
    ) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                guesses.last = monotonic()
                if message["status"] == 200:
                    guesses.wrong = 0
                else:
                    guesses.wrong += 1
                    log.warning("a wrong password from %s, %d in a row", address, guesses.wrong)
            await send(message)

        await self._app(scope, receive, told)

    def _of(self, address: str) -> _Guesses:
        found = self._by_address.setdefault(address, _Guesses())
        self._by_address.move_to_end(address)
        if monotonic() - found.last > FORGOTTEN_S:
            found.wrong = 0
        while len(self._by_address) > ADDRESSES:
            self._by_address.popitem(last=False)
        return found
