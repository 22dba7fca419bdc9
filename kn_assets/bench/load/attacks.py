"""One visitor who means ill, in each of the ways that a shared app was once brought down by.

From a process of its own, at the lowest priority: whoever attacks has another machine, and what
that does must not be what others wait for.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from kn_assets.bench.load.visitors import LOGIN
from kn_assets.bench.ui.crowd import Asker
from kn_assets.errors import KnError

Attack = Callable[[str, dict[str, Any]], None]
"""Goes on until its process is ended."""
Act = Callable[[Asker, dict[str, Any], random.Random], object]

_LONG = "x" * 9000
_HUGE = f"SELECT list_resize([e], 200000, e) a FROM (SELECT '{_LONG}'::ENUM('{_LONG}') e)"
_ENDLESS = "SELECT count(*) FROM range(100000000000) a, range(1000) b"
_SETTINGS = "SELECT b.* FROM (WITH pg_settings AS (SELECT 1) FROM pg_settings) a, pg_settings b"
AT_ONCE = 8
IDLE = 400


@contextmanager
def attacked(name: str, url: str, atlas: dict[str, Any]) -> Iterator[None]:
    """Somebody does one of ATTACKS meanwhile. Raises KnError where that can't begin or ended."""
    spawned = multiprocessing.get_context("spawn")
    begun = spawned.Event()
    process = spawned.Process(target=_attack, args=(name, url, atlas, begun), daemon=True)
    process.start()
    try:
        if not begun.wait(60):
            raise KnError(f"the attack by {name} didn't begin")
        yield
        if not process.is_alive():
            raise KnError(f"the attack by {name} ended by itself")
    finally:
        process.kill()
        process.join()


def _attack(name: str, url: str, atlas: dict[str, Any], begun: Any) -> None:
    """In the attacker's process."""
    with suppress(AttributeError):  # Windows has no such call
        os.nice(19)
    begun.set()
    ATTACKS[name](url, atlas)


def _again_and_again(act: Act) -> Attack:
    """An attack of AT_ONCE threads of one login, which do the same again and again."""

    def attack(url: str, atlas: dict[str, Any]) -> None:
        threads = [threading.Thread(target=go_on, args=(url, atlas, n)) for n in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def go_on(url: str, atlas: dict[str, Any], number: int) -> None:
        import httpx

        rng = random.Random(number)
        while True:
            # Logging in is slow after wrong passwords from the same address.
            with suppress(httpx.HTTPError), Asker(url, atlas, "attacker", LOGIN) as one:
                while True:
                    with suppress(httpx.HTTPError, KnError, ValueError):
                        act(one, atlas, rng)
                    time.sleep(0.01)
            time.sleep(0.5)

    return attack


def _start(one: Asker, name: str, page: str, **arguments: object) -> object:
    given = {"name": name, "arguments": arguments, "page": page}
    return one.call("job_start", given)


def _page(rng: random.Random) -> str:
    return f"{rng.random()}"


def _idle(url: str, atlas: dict[str, Any]) -> None:
    where = urlsplit(url)
    with ExitStack() as held:
        for _ in range(IDLE):
            with suppress(OSError):
                wire = socket.create_connection((str(where.hostname), where.port or 80), 5)
                held.enter_context(wire)
                wire.sendall(b"GET /gradio_api/heartbeat/x HTTP/1.1\r\n")
        threading.Event().wait()


@cache
def _large() -> bytes:
    """90 MB of empty lists, built once: whoever sends them takes no time over them."""
    return b'{"x":[' + b"[]," * 30_000_000 + b"[]]}"


@cache
def _nested() -> bytes:
    return json.dumps({"data": [[]] * 200_000}).encode()


def _body(content: Callable[[], bytes]) -> Attack:
    headers = {"content-type": "application/json"}
    path = "gradio_api/component_server"
    return _again_and_again(
        lambda one, atlas, rng: one.post(path, content=content(), headers=headers)
    )


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
    "large bodies": _body(_large),
    "nested bodies": _body(_nested),
    "passwords": _again_and_again(
        lambda one, atlas, rng: one.post(
            "login", data={"username": LOGIN[0], "password": _page(rng)}
        )
    ),
    "idle connections": _idle,
}
