"""Who is one person: each login, an address where there is none, a page on one's own machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from kn_assets.lake import Lake
from ui.runs.sql import Limits

ENDLESS = "SELECT count(*) FROM range(100000000000) a, range(1000) b"
ONE_EACH = Limits(seconds=60, each=1)
AUTH = ("reader", "secret")


class Visitor:
    """A page of the app in a browser of its own."""

    def __init__(self, url: str, page: str, auth: tuple[str, str] | None = None) -> None:
        self._http, self._page = httpx.Client(base_url=url, timeout=60), page
        if auth:
            self._http.post("login", data={"username": auth[0], "password": auth[1]})
        config = self._http.get("config").json()
        components = config["components"]
        self._bar = next(c["id"] for c in components if c["props"].get("elem_id") == "kn-bar")

    def ask(self, function: str, /, **data: object) -> dict[str, Any]:
        body = {"component_id": self._bar, "fn_name": function, "session_hash": "x", "data": data}
        answer = self._http.post("gradio_api/component_server", json=body)
        told: dict[str, Any] = json.loads(answer.json())
        return told

    def start(self, sql: str) -> dict[str, Any]:
        return self.ask("job_start", name="sql", arguments={"sql": sql}, page=self._page)

    def state(self, sql: str) -> str:
        """Of a query, once it is over."""
        told = self.start(sql)
        while told["state"] in ("waiting", "running"):
            seen = json.dumps(told, ensure_ascii=False, separators=(",", ":"))  # as it came
            told = self.ask("job_look", job=told["job"], seen=seen)
        return str(told.get("error") or told["state"])


def others_query(one: Visitor, other: Visitor) -> str:
    """What comes of another's query while one's own runs."""
    running = one.start(ENDLESS)
    assert running["state"] in ("waiting", "running")
    try:
        return other.state("SELECT 1")
    finally:
        one.ask("job_cancel", job=running["job"])


@pytest.fixture(scope="module")
def protected(serve: Callable[..., str], lake: Lake) -> str:
    return serve(lake, limits={"shared": True, "limits": ONE_EACH}, auth=AUTH)


def test_two_logins_of_one_name_are_two(protected: str) -> None:
    one, other = Visitor(protected, "page", AUTH), Visitor(protected, "page", AUTH)
    assert others_query(one, other) == "done"


def test_pages_of_one_login_are_one(protected: str) -> None:
    one, other = Visitor(protected, "a page", AUTH), Visitor(protected, "another page", AUTH)
    other._http.cookies = one._http.cookies
    assert "1 of your runs aren't over yet" in others_query(one, other)


def test_without_a_login_an_address_is_one_whatever_its_page_says(
    serve: Callable[..., str], lake: Lake
) -> None:
    url = serve(lake, limits={"shared": True, "limits": ONE_EACH})
    one, other = Visitor(url, "a page"), Visitor(url, "another page")
    other._http.cookies.set("access-token-made-up", "x")
    assert "1 of your runs aren't over yet" in others_query(one, other)


def test_on_ones_own_machine_a_page_is_one(serve: Callable[..., str], lake: Lake) -> None:
    url = serve(lake, limits={"limits": ONE_EACH})
    assert others_query(Visitor(url, "a page"), Visitor(url, "another page")) == "done"
    words = others_query(Visitor(url, "a page"), Visitor(url, "a page"))
    assert "1 of your runs aren't over yet" in words
