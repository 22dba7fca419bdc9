"""An app that goes away and comes back, under a page that is open."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gradio.context import Context

from kn_assets.lake import Lake
from tests.ui.screen import Screen
from ui.runs.sql import Limits
from ui.serve import launch_for_tests

NOTICE = "The server doesn't answer"
ENDLESS = "SELECT count(*) FROM range(100000000000) a, range(1000) b"


class App:
    """An app on one port, stopped and started again."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._close: Callable[[], None] = lambda: None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self, **limits: Any) -> None:
        Context.id = 0  # as in a process of its own
        self.url, self._close = launch_for_tests(self._lake, limits, server_port=self.port)

    def stop(self) -> None:
        self._close()


@pytest.fixture
def app(lake: Lake) -> Iterator[App]:
    app = App(lake)
    yield app
    app.stop()


def test_a_page_says_that_the_server_has_gone_and_goes_on(app: App, screens: Any) -> None:
    screen: Screen = screens(app.url).open(model="tiny", prompt=1)
    app.stop()
    screen.page.evaluate("void kn.go({prompt: 2})")
    screen.page.get_by_text(NOTICE).wait_for()
    app.start()
    screen.page.get_by_text(NOTICE).wait_for(state="hidden")
    screen.settled("kn.state.prompt === 2")
    assert "prompt 2" in screen.page.locator("[data-kn=prompt]").inner_text()


def test_a_query_is_asked_again_of_the_app_that_came_back(app: App, screens: Any) -> None:
    app.stop()
    app.start(limits=Limits(seconds=600))
    screen: Screen = screens(app.url).open(model="tiny", tab="sql")
    screen.page.evaluate("sql => void kn.go({query: sql})", ENDLESS)
    screen.page.get_by_text("running the query").first.wait_for()
    app.stop()
    screen.page.get_by_text(NOTICE).wait_for()
    app.start(limits=Limits(seconds=1))
    screen.page.get_by_text("time limit of 1 s").wait_for()
    assert not screen.page.get_by_text(NOTICE).is_visible()
