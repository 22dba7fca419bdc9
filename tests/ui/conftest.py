"""Apps on made-up lakes, and pages of a real browser that watch what the app asks for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kn_assets.database.database import Database
from kn_assets.lake import Lake
from kn_assets.processes import running
from tests import forked
from tests.made import make_lake
from tests.ui.asking import apps, opened
from tests.ui.screen import Pages, Screen
from ui.api import Api
from ui.app import TABS
from ui.context import Context

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def make_two_atlases(root: Path) -> Lake:
    """Two atlases over two corpora, whose prompts have the same ids."""
    make_lake(root, "tiny", n_prompts=16, n_layers=6, n_neurons=60, n_tokens=14, density=0.12)
    return make_lake(
        root, "other@step10", "else", n_prompts=5, n_layers=3, n_neurons=20, n_tokens=8
    )


@pytest.fixture(scope="session", autouse=True)
def forked_processes() -> Iterator[None]:
    """Those of models and of queries, of which each app starts one at once."""
    with pytest.MonkeyPatch.context() as patch:
        forked.put_in_place(patch, running)
        yield


@pytest.fixture(scope="session", autouse=True)
def one_server_each() -> Iterator[None]:
    """While a page is put together, Gradio makes three servers which it throws away: that takes as
    long as all else about starting an app. The one that it launches is made with more words.
    """
    from gradio.routes import App

    make = App.create_app

    def create_app(blocks: Any, **given: Any) -> App | None:
        return None if given == {"mcp_server": False} else make(blocks, **given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(App, "create_app", create_app)
        yield


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return make_two_atlases(tmp_path_factory.mktemp("lake"))


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
def half_url(half_lake: Lake) -> Iterator[str]:
    with apps() as start:
        yield start(half_lake)


@pytest.fixture(scope="session")
def database(lake: Lake) -> Iterator[Database]:
    yield from opened(lake)


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., str]]:
    """Start an app on a lake; gives its address. All are stopped with the tests of their file."""
    with apps() as start:
        yield start


@pytest.fixture(scope="session")
def url(lake: Lake) -> Iterator[str]:
    with apps() as start:
        yield start(lake)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no Chromium at {CHROMIUM}: set CHROMIUM to its path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pages(browser: Any) -> Iterator[Pages]:
    """Pages that one test after another uses: a new one takes a second longer to show the app."""
    pages = Pages(browser)
    yield pages
    pages.context.close()


@pytest.fixture
def screens(pages: Pages) -> Iterator[Callable[[str], Screen]]:
    """Gives a page of the app at an address, as if nobody had been there before.

    At its end: no error, and no request to any other host.
    """
    opened = []

    def show(url: str) -> Screen:
        opened.append(Screen(pages.take(), url))
        return opened[-1]

    yield show
    for screen in opened:
        screen.leave()
        pages.give(screen.page)
    for screen in opened:
        assert not screen.faults
        asked = [r for r in screen.requests if not r.startswith(("data:", "blob:"))]
        assert {urlsplit(r).hostname for r in asked} <= {urlsplit(screen.url).hostname}


@pytest.fixture
def screen(screens: Callable[[str], Screen], url: str) -> Screen:
    """A new page of the app on `lake`."""
    return screens(url)


@pytest.fixture(scope="session")
def live_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """An atlas of a tiny random model that is here, over a corpus in a file."""
    from kn_assets.atlas.extract import NEEDS, extract, write_vocabulary
    from kn_assets.progress import Progress
    from tests import small

    request = small.request(tmp_path_factory.mktemp("live"))
    request.corpus.make(request.corpus.tables, Progress())
    extract(request.plan, NEEDS, Progress())
    write_vocabulary(request.plan, Progress())
    return request.lake


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """An atlas over a corpus, all tables there."""
    return make_lake(tmp_path_factory.mktemp("views"))


@pytest.fixture(scope="module")
def data(made: Lake) -> Iterator[Database]:
    yield from opened(made)


@pytest.fixture(scope="module")
def api(made: Lake) -> Iterator[Api]:
    api = Api(Context(made), TABS)
    yield api
    api.context.close()
