"""Guesses at the password become slow, and are logged."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ui.middleware import logins
from ui.middleware.logins import Logins


class Clock:
    """Time that passes where one sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("ui.middleware.logins.monotonic", lambda: clock.now)
    monkeypatch.setattr("ui.middleware.logins.sleep", clock.sleep)
    return clock


def in_a_loop(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """What it gives, in a thread: this one may have a browser's event loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()


async def _login(request: Request) -> Response:
    form = (await request.body()).decode()
    return PlainTextResponse("", status_code=200 if form == "secret" else 400)


def _app() -> Any:
    app = Starlette(routes=[Route("/login", _login, methods=["POST"])])
    return Logins(app)


def _client(app: Any, address: str = "10.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://app")


def test_each_wrong_password_is_slower_than_the_last(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async def guess() -> None:
        app = _app()
        async with _client(app) as client, _client(app, "10.0.0.2") as other:
            for _ in range(9):
                assert (await client.post("/login", content="guess")).status_code == 400
            slept = list(clock.slept)
            assert slept == [0, 0, 0, 0.5, 1, 2, 4, 8, 10]
            assert (await other.post("/login", content="secret")).status_code == 200
            assert clock.slept[-1] == 0, "who comes from elsewhere doesn't wait"
            assert (await client.post("/login", content="secret")).status_code == 200
            await client.post("/login", content="guess")
            assert clock.slept[-1] == 0, "the right one ends it"

    with caplog.at_level(logging.WARNING):
        in_a_loop(guess)
    assert "a wrong password from 10.0.0.1, 9 in a row" in caplog.text


def test_they_are_forgotten(clock: Clock) -> None:
    async def guess() -> None:
        async with _client(_app()) as client:
            for _ in range(6):
                await client.post("/login", content="guess")
            clock.now += logins.FORGOTTEN_S + 1
            await client.post("/login", content="guess")
            assert clock.slept[-1] == 0

    in_a_loop(guess)


def test_guesses_at_once_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "FREE", 0)

    async def guess() -> list[int]:
        async with _client(_app()) as client:
            many = [client.post("/login", content="guess") for _ in range(40)]
            answers = await asyncio.gather(*many)
        return [answer.status_code for answer in answers]

    monkeypatch.setattr(logins, "SLOWEST_S", 0.05)
    started = time.monotonic()
    found = in_a_loop(guess)
    assert found.count(429) >= 30
    assert time.monotonic() - started >= 0.05 * found.count(400)
    assert 400 in found


def test_many_may_log_in_at_once_from_one_address() -> None:
    async def enter() -> list[int]:
        async with _client(_app()) as client:
            many = [client.post("/login", content="secret") for _ in range(60)]
            return [answer.status_code for answer in await asyncio.gather(*many)]

    assert in_a_loop(enter) == [200] * 60


def test_addresses_that_are_kept_are_few(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "ADDRESSES", 3)

    async def guess() -> int:
        app = _app()
        for i in range(10):
            async with _client(app, f"10.0.0.{i}") as client:
                await client.post("/login", content="guess")
        return len(app._by_address)

    assert in_a_loop(guess) == 3
