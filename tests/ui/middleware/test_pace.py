"""Who asks without a pause waits a little, and nobody else does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from kn_assets.lake import Lake
from tests.ui.middleware.test_logins import in_a_loop
from tests.ui.test_persons import AUTH, Visitor
from ui.middleware import pace

APP = SimpleNamespace(cookie_id="1", tokens={"a": "reader", "b": "reader"})


async def answered(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def status(guard: pace.Pace, token: str = "", size: str = "90", **more: Any) -> int:
    cookie = [(b"cookie", f"access-token-1={token}".encode())] if token else []
    headers = [*cookie, *([(b"content-length", size.encode())] if size else [])]
    told: list[Message] = []
    path = "/gradio_api/component_server/"
    asked = {"type": "http", "method": "POST", "path": path, "headers": headers, "app": APP}

    async def send(message: Message) -> None:
        told.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await guard({**asked, "client": ("10.0.0.1", 7), **more}, receive, send)
    return int(told[0]["status"])


def taken(guard: pace.Pace, n: int, **who: Any) -> float:
    """Seconds that n questions at once take, all of which are answered."""

    async def ask() -> list[int]:
        return await asyncio.gather(*(status(guard, **who) for _ in range(n)))

    begun = time.monotonic()
    assert in_a_loop(ask) == [200] * n
    return time.monotonic() - begun


def test_a_burst_passes_and_who_goes_on_waits() -> None:
    guard = pace.Pace(answered)
    assert taken(guard, pace.AT_ONCE, token="a") < 0.5
    assert taken(guard, 10, token="a") > 0.8


@pytest.mark.parametrize("size", [str(1 << 20), str(90 << 20), ""])
def test_a_large_question_counts_as_several(size: str) -> None:
    guard = pace.Pace(answered)
    assert taken(guard, 5, token="a", size=size) < 0.5
    assert taken(guard, 15, token="a") < 0.5, "five that count as 17 and 15 are the burst"
    assert taken(guard, 10, token="a") > 0.8


@pytest.mark.parametrize(
    "other", [{"token": "b"}, {"client": ("10.0.0.2", 7)}, {"token": "a", "path": "/config"}]
)
def test_nobody_else_waits(other: dict[str, Any]) -> None:
    guard = pace.Pace(answered)
    taken(guard, pace.AT_ONCE + 5, token="a")
    taken(guard, pace.AT_ONCE + 5, token="made up")
    assert taken(guard, 10, **other) < 0.5


def test_a_made_up_login_is_nobody_of_their_own() -> None:
    guard = pace.Pace(answered)

    async def ask() -> set[int]:
        asked = (status(guard, f"made up {n}") for n in range(pace.AT_ONCE))
        return set(await asyncio.gather(*asked))

    assert in_a_loop(ask) == {200}
    assert taken(guard, 10, token="made up too") > 0.8


def test_few_wait_and_persons_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = pace.Pace(answered)

    async def ask() -> list[int]:
        n = pace.AT_ONCE + pace.WAITING + 40
        return await asyncio.gather(*(status(guard, "a") for _ in range(n)))

    found = in_a_loop(ask)
    assert 30 < found.count(429) <= 40 and found.count(200) + found.count(429) == len(found)
    assert in_a_loop(partial(status, guard, "a")) == 200, "a refused one isn't counted"
    monkeypatch.setattr(pace, "PERSONS", 50)
    for n in range(100):
        in_a_loop(partial(status, guard, client=(f"10.0.1.{n}", 7)))
    assert len(guard._next) == 50


def test_one_login_keeps_no_other_waiting(serve: Callable[..., str], lake: Lake) -> None:
    """In a shared app; on one's own machine nobody waits."""
    shared = serve(lake, limits={"shared": True}, auth=AUTH)
    own = serve(lake)
    one, other, me = Visitor(shared, "one", AUTH), Visitor(shared, "other", AUTH), Visitor(own, "")

    def spent(visitor: Visitor, n: int) -> float:
        begun = time.monotonic()
        for _ in range(n):
            assert visitor.ask("atlases")["atlases"]
        return time.monotonic() - begun

    more = 30
    assert spent(one, pace.AT_ONCE + more) > 0.9 * more / pace.A_SECOND
    quick = spent(me, 20)  # what the machine takes for them
    assert spent(other, 20) < 3 * quick + 1
    assert spent(me, pace.AT_ONCE + more) < 3 * (pace.AT_ONCE + more) / 20 * quick


def test_strangers_send_no_long_texts(serve: Callable[..., str], lake: Lake) -> None:
    shared, own = serve(lake, limits={"shared": True}, auth=AUTH), serve(lake)
    them, me = Visitor(shared, "one", AUTH), Visitor(own, "")
    for visitor, sizes in ((them, (200_000,)), (me, (200_000, 900_000))):
        for size in sizes:
            assert "error" not in visitor.ask("atlases", junk="x" * size)
    refused = them._http.post("gradio_api/component_server", json={"data": "x" * 900_000})
    assert refused.status_code == 413


def test_a_tunnels_or_proxys_visitors_are_many() -> None:
    guard = pace.Pace(answered)
    n = pace.MANY * pace.AT_ONCE
    assert taken(guard, n + 10, client=("127.0.0.1", 7)) < 1.5
    assert taken(guard, 20, client=("127.0.0.1", 7)) > 0.1
