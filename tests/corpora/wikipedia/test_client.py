"""The client against a real server that misbehaves on command."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from kn_assets.corpora.wikipedia import Client, Settings
from kn_assets.corpora.wikipedia.http.api import info
from kn_assets.corpora.wikipedia.http.exchange import Failed
from kn_assets.corpora.wikipedia.http.policy import user_agent
from kn_assets.errors import KnError
from tests.corpora.wikipedia.handler import PASSING
from tests.corpora.wikipedia.standin import StandIn
from tests.corpora.wikipedia.world import World

RECORDED = Path(__file__).parents[4] / "shared" / "realdata" / "api" / "dijs-wiki-har"


@pytest.fixture
def site() -> Iterator[StandIn]:
    with StandIn(World(120)) as site:
        yield site


def client(site: StandIn, **more: object) -> Client:
    given = {"contact": "test@example.org", "base_url": site.url, "rate": 1000.0, "backoff": 0.01}
    return Client(Settings.of(**{**given, **more}))


def test_no_contact_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KN_CONTACT", raising=False)
    for contact in (None, "", "me", "a\nb@c.org"):
        with pytest.raises(KnError, match="KN_CONTACT or --contact"):
            Client(Settings.of(contact=contact))
    monkeypatch.setenv("KN_CONTACT", "https://example.org/me")
    assert "(https://example.org/me)" in user_agent(Settings.of().contact)


def test_every_request_says_who_asks_and_takes_gzip(site: StandIn) -> None:
    with client(site) as c:
        c.check()
        c.page(c.page_url("Kabul"))
        info(c, ["Kabul"])
    assert len(site.requests) == 3
    for r in site.requests:
        assert "test@example.org" in r.agent
        assert r.encoding == "gzip"


def test_page(site: StandIn) -> None:
    with client(site) as c:
        answer = c.page(c.page_url("Mazar-i-Sharif"))
    assert answer.html.decode() == site.world.article("Mazar-i-Sharif")
    assert (answer.status, answer.final_url) == (200, answer.url)


@pytest.mark.parametrize("fault", [*PASSING, "503", "429-date", "bad-gzip"])
def test_passing_faults_are_got_over(site: StandIn, fault: str) -> None:
    site.faults["/wiki/Kabul"] = [fault]
    site.slow_s = 300.0
    with client(site, **({"read_timeout": 3.0} if fault == "slow" else {})) as c:
        answer = c.page(c.page_url("Kabul"))
    assert answer.html.decode() == site.world.article("Kabul")
    tries = [r for r in site.requests if r.path == "/wiki/Kabul"]
    assert len(tries) == (1 if fault == "charset" else 2)
    least = {"429-after": 1.0, "503-lag": 1.0, "429-date": 0.9}.get(fault, 0.0)  # seconds
    assert tries[-1].at - tries[0].at >= least


@pytest.mark.parametrize(
    ("fault", "reason", "tries"),
    [
        ("404", "HTTP 404", 1),
        ("loop", "too many redirects", 6),
        ("away", "another site, portal.example.net", 1),
        ("pdf", "not HTML but application/pdf", 1),
        ("huge", "larger than 20000000 bytes", 1),
        ("packed-twice", "packed as gzip, gzip, not as asked for", 1),
        ("500", "HTTP 500", 3),
        ("drip", "took over 0 s", 3),
    ],
)
def test_lasting_faults_are_told(site: StandIn, fault: str, reason: str, tries: int) -> None:
    site.always["/wiki/Kabul"] = fault
    limit = {"total_timeout": 0.3} if fault == "drip" else {}
    with client(site, attempts=3, **limit) as c, pytest.raises(Failed, match=reason):
        c.page(c.page_url("Kabul"))
    assert len([r for r in site.requests if r.path == "/wiki/Kabul"]) == tries


def test_page_in_latin_1(site: StandIn) -> None:
    site.pages["Latin"] = '<html><head><meta charset="UTF-8"></head><p>S\xe3o Paulo.</p></html>'
    site.faults["/wiki/Latin"] = ["latin-1"]
    with client(site) as c:
        assert "São Paulo" in c.page(c.page_url("Latin")).html.decode()


def test_a_retry_after_too_long_is_a_failure(site: StandIn) -> None:
    site.retry_after = "3600"
    site.faults["/wiki/Kabul"] = ["429-after"]
    with client(site) as c, pytest.raises(Failed, match="asks to wait 3600 s"):
        c.page(c.page_url("Kabul"))


def test_redirects_are_followed_and_recorded(site: StandIn) -> None:
    site.faults["/wiki/Kabul"] = ["to:/wiki/Herat"]
    with client(site) as c:
        answer = c.page(c.page_url("Kabul"))
        assert (answer.url, answer.final_url) == (c.page_url("Kabul"), c.page_url("Herat"))
    assert answer.html.decode() == site.world.article("Herat")


def test_robots_are_heeded(site: StandIn) -> None:
    site.robots = "User-agent: *\nDisallow: /wiki/Secret\nCrawl-delay: 2\n"
    with client(site) as c:
        c.check()
        with pytest.raises(Failed, match=r"robots\.txt"):
            c.page(c.page_url("Secret"))
        assert c.pace.rate == 0.5


def test_info(site: StandIn) -> None:
    world = site.world
    redirect, target = next(iter(world.redirects.items()))
    asked = [*world.names[:100], "kabul", redirect, "No such place"]
    with client(site) as c:
        told = info(c, asked)
    assert set(told) == set(asked)
    assert [told[n].revision for n in world.names[:100]] == [
        world.revision(n) for n in world.names[:100]
    ]
    assert told["kabul"].title == "Kabul"
    assert (told[redirect].title, told[redirect].revision) == (target, world.revision(target))
    assert told["No such place"].missing
    assert max(map(len, site.api_titles)) == 50
    assert len(site.api_titles) == 6  # three batches, each continued once


def test_long_questions_are_posted(site: StandIn) -> None:
    titles = [f"{'Ж' * 60} {i}" for i in range(50)]
    with client(site) as c:
        assert all(told.missing for told in info(c, titles).values())
        info(c, ["Kabul"])
    assert [r.method for r in site.requests] == ["POST", "POST", "GET"]
    assert site.api_titles[0] == titles


def test_info_waits_for_lag(site: StandIn) -> None:
    site.faults["/w/api.php"] = ["503-lag"]
    started = time.monotonic()
    with client(site) as c:
        assert info(c, ["Kabul"])["Kabul"].revision == site.world.revision("Kabul")
    assert time.monotonic() - started >= 1.0


def test_no_network() -> None:
    settings = Settings.of(
        contact="a@b.org", base_url="http://127.0.0.1:9", backoff=0.01, connect_timeout=1.0
    )
    with (
        Client(settings) as c,
        pytest.raises(KnError, match=r"can't reach .*check the network") as e,
    ):
        c.check()
    assert "\n" not in str(e.value)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded answers of the API aren't here")
@pytest.mark.parametrize(
    ("name", "asked", "title", "revision"),
    [
        ("djinn-normalized-redirect", "djinn", "Jinn", 1038429342),
        ("einstein-normalized-redirect-extract", "albert einstein", "Albert Einstein", 1038922945),
        ("missing-page", "asdasdlkalskdjalsdjalskdalsdjasdasd", None, None),
    ],
)
def test_recorded_answers(name: str, asked: str, title: str | None, revision: int | None) -> None:
    recorded = json.loads((RECORDED / f"{name}.decoded.json").read_text())
    body = next(r["body"] for r in recorded if "query" in (r["body"] or ""))
    answer = json.loads(body) if isinstance(body, str) else body

    class Recorded:
        def query(self, parameters: dict[str, str]) -> dict[str, Any]:
            return answer

    told = info(cast(Client, Recorded()), [asked])[asked]
    assert told.missing == (title is None)
    assert title in (None, told.title)
    assert told.revision == revision


def test_titles_in_addresses(site: StandIn) -> None:
    with client(site) as c:
        assert c.page_url("São Paulo (city)?").endswith("/wiki/S%C3%A3o_Paulo_(city)%3F")
