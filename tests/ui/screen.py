"""A page of the app in a real browser."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from kn_assets.bench.ui.page import HOOK

SIZE = {"width": 1280, "height": 800}
# Milliseconds that answers of the server are kept back at most, each by a random part of them:
# what a test looks at before it can be there shows itself.
DELAY = int(os.environ.get("KN_TEST_DELAY", "0"))
KEEP_BACK = """
(() => {
  const fetch = window.fetch;
  window.fetch = async (...args) => {
    const answer = await fetch(...args);
    if (String(args[0]?.url ?? args[0]).includes("component_server"))
      await new Promise(go => setTimeout(go, Math.random() * DELAY));
    return answer;
  };
})()
"""

# Notes that an element was visible, if only between two looks of a test.
WATCH = """
css => {
  window.wasShown = false;
  const look = () => {
    window.wasShown ||= [...document.querySelectorAll(css)].some(e => e.checkVisibility());
  };
  const all = {subtree: true, childList: true, attributes: true};
  new MutationObserver(look).observe(document.body, all);
}
"""


class Pages:
    """Pages of one browser that share its cache, and are used again once they were left."""

    def __init__(self, browser: Any) -> None:
        self.context = browser.new_context(viewport=SIZE)
        self.context.set_default_timeout(10_000)
        if DELAY:
            self.context.add_init_script(KEEP_BACK.replace("DELAY", str(DELAY)))
        self.context.add_init_script(HOOK)
        self._left: list[Any] = []

    def take(self) -> Any:
        """A page as a new one: its size and colours, and nothing under the pointer."""
        page = self._left.pop() if self._left else self.context.new_page()
        page.set_viewport_size(SIZE)
        page.emulate_media(color_scheme="light")
        page.mouse.move(0, 0)
        return page

    def give(self, page: Any) -> None:
        self._left.append(page)


class Screen:
    """A page of the app, and what it asked for and complained of."""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url
        self.requests: list[str] = []
        self.faults: list[str] = []
        self._listeners = {
            "request": self._note,
            "pageerror": lambda error: self.faults.append(str(error)),
            "dialog": lambda dialog: self.faults.append(f"dialog {dialog.message}"),
        }
        for event, listener in self._listeners.items():
            page.on(event, listener)

    def _note(self, request: Any) -> None:
        """Remember a request, unless it is the clock's, which nobody's act brings about."""
        if '"making_look"' not in (request.post_data or ""):
            self.requests.append(request.url)

    def open(self, **address: object) -> Screen:
        query = f"?{urlencode(address)}" if address else ""
        self.page.goto(self.url + query)
        self.settled("document.documentElement.dataset.knState === 'ready'")
        return self

    def leave(self) -> None:
        """End the page, and forget what it kept in the browser."""
        if self.page.url.startswith("http"):
            self.page.evaluate("localStorage.clear(); sessionStorage.clear()")
        self.page.unroute_all(behavior="ignoreErrors")
        self.page.goto("about:blank")
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)

    def keep_back(self, question: str) -> list[Any]:
        """Requests of a question from now on, each of which waits until it is told to go on."""
        kept: list[Any] = []

        def keep(route: Any) -> None:
            asked = f'"{question}"' in (route.request.post_data or "")
            kept.append(route) if asked else route.continue_()

        self.page.route(re.compile("/component_server/?$"), keep)
        return kept

    def address(self, name: str) -> str | None:
        """A value in the page's address."""
        return self.page.evaluate("name => new URLSearchParams(location.search).get(name)", name)

    def until(self, expression: str) -> None:
        there = "window.kn && " if "kn." in expression else ""  # HOOK's, a moment after the page
        self.page.wait_for_function(f"{there}({expression})")

    def settled(self, besides: str = "true") -> None:
        """Wait until every question is answered, none is due, and no pane shows what was before."""
        rests = "!kn.unanswered && !kn.isDue && !document.querySelector('.kn-waiting')"
        self.until(f"{besides} && {rests}")

    @contextmanager
    def shown(self, css: str) -> Iterator[None]:
        """Such an element becomes visible by what is done here, however soon it is gone again."""
        self.page.evaluate(WATCH, css)
        yield
        self.until("window.wasShown")

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()
