"""Connections that ask nothing don't keep others from the app.

A process may have so many files open, connections among them, and an app whose limit is reached
answers nobody. So a connection has a few seconds to say what it asks; the idle ones are bounded;
and where they are too many, the oldest of the address that has the most is closed for the new one.
uvicorn's own `limit_concurrency` would answer 503 to everybody instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import OrderedDict
from typing import Any

from kn_assets.errors import KnError

FEWEST_FILES, ENDLESS = 128, 1 << 20
ASK_S = 15.0
"""How long a connection may take to ask, body and all, from its begin or its last answer."""
LEAST_IDLE, MOST_IDLE = 32, 1000
"""Bounds of how many connections may be idle: browsers open six of a page."""


def open_files() -> int:
    """Let this process have as many files open as it may ever; returns how many those are.

    Raises KnError where the app can't begin with so few.
    """
    if sys.platform == "win32":  # where sockets aren't counted with files
        return ENDLESS
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # macOS allows less than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    files = ENDLESS if soft == resource.RLIM_INFINITY else soft
    if files < FEWEST_FILES:
        raise KnError(
            f"{files} files may be open at once here, and the app needs {FEWEST_FILES}: allow "
            "more, as by `ulimit -n 1024`"
        )
    return files


class Idle:
    """The connections without a question under way, by address, the oldest first."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._by_address: dict[str, OrderedDict[Any, None]] = {}
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def add(self, address: str, connection: Any) -> None:
        """One more, for which another is closed where there are too many."""
        mine = self._by_address.setdefault(address, OrderedDict())
        self._n += connection not in mine
        mine[connection] = None
        if self._n > self.most:
            crowd = max(self._by_address, key=lambda one: len(self._by_address[one]))
            oldest = next(iter(self._by_address[crowd]))
            self.remove(crowd, oldest)
            oldest.close_idle()

    def remove(self, address: str, connection: Any) -> None:
        """It asks something now, or has gone."""
        mine = self._by_address.get(address)
        if mine is not None and connection in mine:
            del mine[connection]
            self._n -= 1
            if not mine:
                del self._by_address[address]


def bounded(protocol: type[Any], idle: Idle) -> type[Any]:
    """uvicorn's protocol of a connection, which is closed where it asks nothing."""

    class Bounded(protocol):  # type: ignore[misc]
        _timer: asyncio.TimerHandle | None = None
        _address = "?"

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._address = str((transport.get_extra_info("peername") or ("?",))[0])
            self._look()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._look()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._look()

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget()
            super().connection_lost(exc)

        def close_idle(self) -> None:
            """Close it without a word."""
            self._forget()
            self.transport.abort()

        def _look(self) -> None:
            """Count it as idle where it asks nothing: from now on, unless it was already."""
            cycle = self.cycle
            asks = cycle is not None and not cycle.more_body and not cycle.response_complete
            if asks or self.transport.is_closing():
                self._forget()
            elif self._timer is None:
                self._timer = self.loop.call_later(ASK_S, self.close_idle)
                idle.add(self._address, self)

        def _forget(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            idle.remove(self._address, self)

    return Bounded


def bound(config: Any) -> Idle:
    """Bound the connections of a server by its uvicorn configuration, those it has aside."""
    idle = Idle(max(LEAST_IDLE, min(MOST_IDLE, open_files() // 4)))
    config.http_protocol_class = bounded(config.http_protocol_class, idle)
    return idle
