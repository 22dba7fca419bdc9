"""One visitor who means ill, in each of the ways that a shared app was once brought down by."""

from __future__ import annotations

import json
import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from kn_assets.bench.load.visitors import LOGIN
from kn_assets.bench.ui.crowd import Asker
from kn_assets.errors import KnError

Attack = Callable[[str, dict[str, Any]], AbstractContextManager[None]]
Act = Callable[[Asker, dict[str, Any], random.Random], object]

_LONG = "x" * 9000
_HUGE = f"SELECT list_resize([e], 200000, e) a FROM (SELECT '{_LONG}'::ENUM('{_LONG}') e)"
_ENDLESS = "SELECT count(*) FROM range(100000000000) a, range(1000) b"
_SETTINGS = "SELECT b.* FROM (WITH pg_settings AS (SELECT 1) FROM pg_settings) a, pg_settings b"
AT_ONCE = 8
IDLE = 400


def _again_and_again(act: Act) -> Attack:
    """An attack of AT_ONCE threads of one login, which do the same until it is over."""

    @contextmanager
    def attack(url: str, atlas: dict[str, Any]) -> Iterator[None]:
        import httpx

        over = threading.Event()

        def go_on(number: int) -> None:
            rng = random.Random(number)
            with suppress(httpx.HTTPError), Asker(url, atlas, "attacker", LOGIN) as one:
                while not over.wait(0.01):
                    with suppress(httpx.HTTPError, KnError, ValueError):
                        act(one, atlas, rng)

        threads = [threading.Thread(target=go_on, args=(n,), daemon=True) for n in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join(70)

    return attack


def _start(one: Asker, name: str, page: str, **arguments: object) -> object:
    given = {"name": name, "arguments": arguments, "page": page}
    return one.call("job_start", given)


def _page(rng: random.Random) -> str:
    return f"{rng.random()}"


@contextmanager
def _idle(url: str, atlas: dict[str, Any]) -> Iterator[None]:
    where = urlsplit(url)
    with ExitStack() as held:
        for _ in range(IDLE):
            with suppress(OSError):
                wire = socket.create_connection((str(where.hostname), where.port or 80), 5)
                held.enter_context(wire)
                wire.sendall(b"GET /gradio_api/heartbeat/x HTTP/1.1\r\n")
        yield


def _selection(one: Asker, atlas: dict[str, Any], rng: random.Random) -> object:
    outline = [[rng.uniform(-30, 30), rng.uniform(-30, 30)] for _ in range(50)]
    return one.ask("selection", kind="neurons", outline=outline)


def _lens(one: Asker, atlas: dict[str, Any], rng: random.Random) -> object:
    prompt = rng.randrange(atlas["n_prompts"])
    return _start(one, "lens", _page(rng), model=atlas["model"], prompt=prompt)


ATTACKS: dict[str, Attack] = {
    "huge cells": _again_and_again(lambda one, atlas, rng: one.do("sql", sql=_HUGE)),
    "huge files": _again_and_again(
        lambda one, atlas, rng: one.do("sql_file", sql=_HUGE, format="csv")
    ),
    "the catalogue": _again_and_again(lambda one, atlas, rng: one.do("sql", sql=_SETTINGS)),
    "endless queries": _again_and_again(
        lambda one, atlas, rng: _start(one, "sql", _page(rng), sql=_ENDLESS)
    ),
    "texts": _again_and_again(
        lambda one, atlas, rng: _start(
            one, "text", _page(rng), model=atlas["model"], text=f"{rng.random()} " * 60
        )
    ),
    "lenses": _again_and_again(_lens),
    "selections": _again_and_again(_selection),
    "uploads": _again_and_again(
        lambda one, atlas, rng: one.post(
            "gradio_api/upload", files={"files": ("big.bin", b"x" * (20 << 20))}
        )
    ),
    "ignored fields": _again_and_again(
        lambda one, atlas, rng: one.ask("has_prompt", prompt=0, junk=_page(rng) + "B" * 900_000)
    ),
    "large bodies": _again_and_again(
        lambda one, atlas, rng: one.post(
            "gradio_api/component_server",
            content=b'{"x":[' + b"[]," * 30_000_000 + b"[]]}",
            headers={"content-type": "application/json"},
        )
    ),
    "nested bodies": _again_and_again(
        lambda one, atlas, rng: one.post(
            "gradio_api/component_server",
            content=json.dumps({"data": [[]] * 200_000}).encode(),
            headers={"content-type": "application/json"},
        )
    ),
    "passwords": _again_and_again(
        lambda one, atlas, rng: one.post(
            "login", data={"username": LOGIN[0], "password": _page(rng)}
        )
    ),
    "idle connections": _idle,
}
