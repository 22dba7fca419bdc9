"""Who asks without a pause waits a little between two questions, where strangers do.

Each question costs a few milliseconds of the one thread that answers all: one visitor's hundreds a
second would slow down everybody's, and so would a few large ones, which count as several. They
aren't refused, since a refusal invites the next at once.
"""

from __future__ import annotations

from asyncio import sleep
from collections import OrderedDict
from time import monotonic

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.access import LOCAL, login
from ui.middleware.bodies import LARGEST_OF_STRANGERS
from ui.middleware.replies import is_question, refusal

A_SECOND = 10.0
AT_ONCE = 100
"""Questions that come before the first has to wait: who moves about quickly asks in bursts."""
MANY = 10
"""Times as many are let through of an address that is this machine's own: without logins, all who
come through a tunnel or a proxy have it."""
WAITING = 20
"""Questions of one person that wait: each has a connection."""
SMALL = 16 << 10
"""Bytes of a question's body that count as one question: who asks by hand sends less."""
PERSONS = 10_000


class Pace:
    """Lets a person's questions through at A_SECOND a second, once AT_ONCE have come too quickly.

    A person is a login, or an address where there is none.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._next: OrderedDict[str, float] = OrderedDict()
        """By person, when the next question's time is if they had kept to A_SECOND."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if is_question(scope):
            person = _person(scope)
            wait_s = self._wait_s(person, monotonic(), _questions(scope))
            if wait_s * _a_second(person) > WAITING:
                await sleep(1.0)
                words = "these are many questions at once: wait a little"
                await refusal(429, words, **{"Retry-After": "2"})(scope, receive, send)
                return
            if wait_s > 0:
                await sleep(wait_s)
        await self._app(scope, receive, send)

    def _wait_s(self, person: str, now: float, questions: int) -> float:
        """Seconds that one that counts as some questions waits; no refused one is counted."""
        a_second = _a_second(person)
        due = max(self._next.pop(person, 0.0), now - AT_ONCE / A_SECOND)
        wait_s = due - now
        self._next[person] = due if wait_s * a_second > WAITING else due + questions / a_second
        while len(self._next) > PERSONS:
            self._next.popitem(last=False)
        return wait_s


def _questions(scope: Scope) -> int:
    """How many a question counts as, by its body as far as it is read."""
    most, headers = LARGEST_OF_STRANGERS, Headers(scope=scope)
    told = headers.get("content-length", "")
    size = min(int(told), most) if told.isdecimal() else most
    return 1 + size // SMALL


def _a_second(person: str) -> float:
    return A_SECOND * (MANY if person in LOCAL else 1)


def _person(scope: Scope) -> str:
    known = login(scope["app"], HTTPConnection(scope).cookies)
    return known or (scope.get("client") or ("?", 0))[0]
