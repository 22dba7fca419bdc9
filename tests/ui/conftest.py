"""Apps on made-up lakes, and pages of a real browser that watch what the app asks for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from kn_assets.bench.synthetic import make_lake
from kn_assets.database import Database
from kn_assets.lake import Lake

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two atlases over two corpora, whose prompts have the same ids."""
    root = tmp_path_factory.mktemp("lake")
    make_lake(root, "tiny", n_prompts=16, n_layers=6, n_neurons=60, n_tokens=14, density=0.12)
    return make_lake(
        root, "other@step10", "else", n_prompts=5, n_layers=3, n_neurons=20, n_tokens=8
    )


@pytest.fixture(scope="session")
def half_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """An atlas half-way through a run: tokens and activations alone."""
    lake = make_lake(tmp_path_factory.mktemp("half"))
    (atlas,) = lake.partitions("model")
    for folder in lake.folder(atlas).iterdir():
        if folder.name not in ("tokens", "activations", "atlases", "thresholds"):
            shutil.rmtree(folder)
    return lake


@pytest.fixture(scope="session")
def database(lake: Lake) -> Iterator[Database]:
    database = Database(lake)
    yield database
    database.close()


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., str]]:
    """Start an app on a lake; gives its address. All are stopped at the end."""
    from ui.serve import launch_for_tests

    closers = []

    def start(lake: Lake, **options: Any) -> str:
        url, close = launch_for_tests(lake, **options)
        closers.append(close)
        return url

    yield start
    for close in closers:
        close()


@pytest.fixture(scope="session")
def url(lake: Lake, serve: Callable[..., str]) -> str:
    return serve(lake)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no Chromium at {CHROMIUM}: set CHROMIUM to its path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Screen:
    """A page of the app, and what it asked for and complained of."""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url
        self.requests: list[str] = []
        self.faults: list[str] = []
        page.set_default_timeout(10_000)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: self.faults.append(f"dialog {dialog.message}"))

    def open(self, **address: object) -> Screen:
        query = f"?{urlencode(address)}" if address else ""
        self.page.goto(self.url + query)
        self.page.wait_for_function("document.documentElement.dataset.knState === 'ready'")
        return self

    def address(self, name: str) -> str | None:
        """A value in the page's address."""
        return self.page.evaluate("name => new URLSearchParams(location.search).get(name)", name)

    def until(self, expression: str) -> None:
        self.page.wait_for_function(expression)

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()


@pytest.fixture
def screen(browser: Any, url: str) -> Iterator[Screen]:
    """A new page of the app on `lake`; at its end: no error, and no request to any other host."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    shown = Screen(context.new_page(), url)
    yield shown
    context.close()
    assert not shown.faults
    hosts = {urlsplit(r).hostname for r in shown.requests if not r.startswith(("data:", "blob:"))}
    assert hosts <= {urlsplit(shown.url).hostname}
