"""Who may show the app in a frame, in a real browser: its own site, and those that were named."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from ui.middleware.headers import _framed, check_frames, policy

FRAME = "<!doctype html><title>elsewhere</title><iframe src='{}' width=1200 height=900></iframe>"


@pytest.fixture(scope="module")
def other_site() -> Iterator[Callable[[str], str]]:
    """Gives the address of another site's page, which shows an app in a frame."""
    shown = {"app": ""}

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = FRAME.format(shown["app"]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with http.server.ThreadingHTTPServer(("localhost", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        site = f"http://localhost:{server.server_address[1]}"  # another site than 127.0.0.1

        def give(app: str) -> str:
            shown["app"] = app
            return site

        yield give
        server.shutdown()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.browser
def test_pages_of_other_sites_show_nothing_of_it(
    serve: Callable[..., str], lake: Lake, page: Any, other_site: Callable[[str], str]
) -> None:
    app = serve(lake, frame_ancestors=["https://lab.example.org"])
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(other_site(app))
    page.wait_for_timeout(1000)
    assert page.frames[1].url.startswith("chrome-error:")
    assert any("frame-ancestors" in words for words in refused)


@pytest.mark.browser
def test_a_named_sites_page_shows_it_at_work(
    serve: Callable[..., str], lake: Lake, page: Any, other_site: Callable[[str], str]
) -> None:
    site = other_site("")
    app = serve(lake, frame_ancestors=[site])
    page.goto(other_site(f"{app}?model=tiny&prompt=1"))
    inside = page.frame_locator("iframe")
    inside.locator("[data-kn=prompt]").get_by_text("prompt 1").wait_for()


@pytest.mark.browser
def test_one_can_log_in_there(
    serve: Callable[..., str], lake: Lake, page: Any, other_site: Callable[[str], str]
) -> None:
    site = other_site("")
    app = serve(lake, frame_ancestors=[site], auth=("reader", "secret"))
    page.goto(other_site(f"{app}?model=tiny&prompt=1"))
    inside = page.frame_locator("iframe")
    inside.get_by_label("username").fill("reader")
    inside.get_by_label("password").fill("secret")
    inside.get_by_role("button", name="Login").click()
    inside.locator("[data-kn=prompt]").get_by_text("prompt 1").wait_for()
    kept = [c for c in page.context.cookies() if c.get("sameSite") == "None"]
    assert all(c["secure"] and c["partitionKey"] for c in kept)
    assert kept


def test_the_default_is_its_own_site(url: str) -> None:
    told = httpx.get(url).headers["content-security-policy"]
    assert told.endswith("frame-ancestors 'self'")
    assert policy(["https://a.org", "https://*.b.org"]).endswith(
        "frame-ancestors 'self' https://a.org https://*.b.org"
    )


def test_a_cookie_that_is_sent_over_http_stays_its_own_sites() -> None:
    name, value = _framed(b"set-cookie", b"token=x; HttpOnly; SameSite=None")
    assert value == b"token=x; HttpOnly; SameSite=Lax"
    _, value = _framed(name, b"token=x; HttpOnly; Secure; SameSite=none")
    assert value == b"token=x; HttpOnly; Secure; SameSite=None; Partitioned"
    assert _framed(b"x-other", b"a; secure") == (b"x-other", b"a; secure")


@pytest.mark.parametrize(
    "site",
    [
        "lab.example.org",
        "*",
        "'self'",
        "https://",
        "https://a.org/path",
        "https://a.org; x",
        "https://*",
    ],
)
def test_what_is_no_site_is_refused(site: str) -> None:
    with pytest.raises(KnError, match="is no site"):
        check_frames([site])
    check_frames(["https://a.org", "http://localhost:8000", "https://*.b.org"])
