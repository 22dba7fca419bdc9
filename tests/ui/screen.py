"""A page of the app in a real browser."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlencode

from kn_assets.bench.ui.page import HOOK

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


class Screen:
    """A page of the app, and what it asked for and complained of."""

    def __init__(self, page: Any, url: str) -> None:
        if DELAY:
            page.add_init_script(KEEP_BACK.replace("DELAY", str(DELAY)))
        page.add_init_script(HOOK)
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
        self.settled("document.documentElement.dataset.knState === 'ready'")
        return self

    def address(self, name: str) -> str | None:
        """A value in the page's address."""
        return self.page.evaluate("name => new URLSearchParams(location.search).get(name)", name)

    def until(self, expression: str) -> None:
        there = "window.kn && " if "kn." in expression else ""  # HOOK's, a moment after the page
        self.page.wait_for_function(f"{there}({expression})")

    def settled(self, besides: str = "true") -> None:
        """Wait until every question is answered and no pane shows what was there before."""
        self.until(f"{besides} && !kn.unanswered && !document.querySelector('.kn-waiting')")

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()
