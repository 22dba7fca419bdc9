"""Connections that ask nothing don't keep others from the app: real sockets, a real process."""

from __future__ import annotations

import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.made import make_lake
from ui.middleware import connections

ROOT = Path(__file__).parents[3]
LIMIT, MANY = 1024, 1100
ASK_S = 4.0  # instead of the seconds that an app gives, so that nobody need wait for them
BODY = (
    b"POST /gradio_api/component_server HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
)
SLOW = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
# The limit is set within, hard and soft, as `ulimit -n 1024` does.
APP = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({LIMIT}, {LIMIT}))
from kn_assets.cli.start import main
from ui.middleware import connections
assert connections.ASK_S > 10
connections.ASK_S = {ASK_S}
sys.exit(main())
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an app that may have 1,024 files open."""
    lake = make_lake(tmp_path_factory.mktemp("connections"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    words = ["--data", str(lake.root), "ui", "--port", str(port)]
    with subprocess.Popen(
        [sys.executable, "-c", APP, *words], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        try:
            for _ in range(600):
                if process.poll() is not None:
                    break
                try:
                    httpx.get(f"http://127.0.0.1:{port}/config", timeout=30)
                    break
                except httpx.ConnectError:
                    time.sleep(0.2)
            assert process.poll() is None
            yield port
        finally:
            process.terminate()


@pytest.fixture
def crowd() -> Iterator[ExitStack]:
    """Keeps sockets open, for which this process too must be allowed enough files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 3 * MANY:
        pytest.skip(f"this process may open {hard} files only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 3 * MANY), hard))
    with ExitStack() as stack:
        yield stack
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("said", [b"", SLOW, b"P", BODY, b"GET / HTTP/1.1\r\nHost: localhost\r\n"])
def test_a_crowd_that_asks_nothing_keeps_nobody_out(
    app: int, crowd: ExitStack, said: bytes
) -> None:
    mine = crowd.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{app}"))
    assert mine.get("/config").status_code == 200
    for _ in range(MANY):
        one = crowd.enter_context(socket.create_connection(("127.0.0.1", app), timeout=20))
        if said:
            one.sendall(said)
    for _ in range(5):
        answer = httpx.get(f"http://127.0.0.1:{app}/config", timeout=10)
        assert answer.status_code == 200


@pytest.mark.parametrize("said", [SLOW, BODY])
def test_what_is_asked_slowly_is_waited_for_so_long(app: int, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", app), timeout=5) as one:
        begun = time.monotonic()
        one.sendall(said)
        try:
            while time.monotonic() - begun < 30:
                one.sendall(b"x")
                time.sleep(0.25)
        except OSError:
            pass
        took = time.monotonic() - begun
    assert ASK_S - 1 < took < 20


class Connection:
    def __init__(self) -> None:
        self.closed = False

    def close_idle(self) -> None:
        self.closed = True


def test_the_oldest_of_the_address_with_the_most_makes_room() -> None:
    idle = connections.Idle(most=4)
    lone = Connection()
    idle.add("one", lone)
    crowd: list[Any] = [Connection() for _ in range(10)]
    for one in crowd:
        idle.add("many", one)
    assert [one.closed for one in crowd] == [True] * 7 + [False] * 3
    assert not lone.closed
    assert len(idle) == 4
    idle.remove("many", crowd[-1])
    idle.remove("many", crowd[-1])
    idle.remove("none", lone)
    assert len(idle) == 3
