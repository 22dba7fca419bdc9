"""A page of the app in a real browser."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode


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
