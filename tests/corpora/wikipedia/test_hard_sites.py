"""Runs over sites that fail, refuse, ask to wait or can't be reached any more."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import pytest

from kn_assets import lake
from kn_assets.corpora.wikipedia import Client, cities, fetch_pages
from kn_assets.errors import KnError
from kn_assets.progress import Progress
from tests.corpora.wikipedia.handler import PASSING
from tests.corpora.wikipedia.scraping import CORPUS, scrape, served, settings, stored
from tests.corpora.wikipedia.standin import StandIn
from tests.corpora.wikipedia.world import World


def test_faults_on_a_fifth_of_the_requests(tmp_path: Path) -> None:
    rate = 60.0
    with StandIn(World(150), fault_share=0.2, seed=3, slow_s=0.05) as site:
        site.retry_after = "0.2"
        summary, _, made = scrape(site.url, tmp_path, rate=rate, concurrency=4, attempts=12)
        first = next(r.at for r in site.requests if (r.fault or "").startswith("429"))
        assert {r.fault for r in site.requests} >= set(PASSING)
        assert site.busiest_second(first) <= rate
        assert set(served(site).values()) == {1}
    assert (summary.outcomes["fetched"], made.num_rows) == (150, 150)
    with StandIn(World(150)) as site:
        assert made.equals(scrape(site.url, tmp_path / "quiet")[2])


def test_the_rate_holds_after_a_429(tmp_path: Path) -> None:
    rate = 80.0
    with StandIn(World(260)) as site:
        site.faults["*"] = [*[""] * 40, "429"]
        scrape(site.url, tmp_path, rate=rate, concurrency=4)
        (first,) = (r.at for r in site.requests if r.fault == "429")
        assert len(site.requests) > 260
        assert site.busiest_second(first) <= rate


def test_lost_network_keeps_what_was_fetched(tmp_path: Path) -> None:
    place = lake.Lake(tmp_path)
    world = World(60)
    with StandIn(world) as site, Client(settings(site.url, attempts=2)) as client:
        found = cities(client, Progress()).table
        real, url = client.page, site.url

        def fails_later(address: str) -> Any:
            if len(served(site)) >= 20:
                address = address.replace(url, "http://127.0.0.1:9")
            return real(address)

        client.page = fails_later  # type: ignore[method-assign,assignment]
        with pytest.raises(KnError, match="check the network"):
            fetch_pages(place, CORPUS, found, client, Progress())
        kept = len(stored(tmp_path))
        assert kept in (20, 21)  # two threads ask at once
        client.page = real  # type: ignore[method-assign]
        summary = fetch_pages(place, CORPUS, found, client, Progress())
        assert (summary.outcomes["resumed"], summary.outcomes["fetched"]) == (kept, 60 - kept)
        assert set(served(site).values()) == {1}


def test_a_site_that_refuses_is_left_alone(tmp_path: Path) -> None:
    place = lake.Lake(tmp_path)
    with StandIn(World(60)) as site, Client(settings(site.url)) as client:
        found = cities(client, Progress()).table
        before = len(site.requests)
        site.faults["*"] = ["403"] * 100
        with pytest.raises(KnError, match=r"rejects every request .HTTP 403"):
            fetch_pages(place, CORPUS, found, client, Progress())
        assert len(site.requests) - before < 20
        site.faults.clear()
        assert fetch_pages(place, CORPUS, found, client, Progress()).outcomes["fetched"] == 60


def test_an_interrupted_run_does_not_sit_out_its_waits(tmp_path: Path) -> None:
    class Interrupted(Progress):
        def bar(self, *args: Any, **more: Any) -> Any:
            return contextlib.nullcontext(self)

        def advance(self, n: int = 1) -> None:
            while client.pace.rate == client.settings.rate:  # until all are told to wait
                time.sleep(0.01)
            raise KeyboardInterrupt

        def note(self, text: str) -> None:
            pass

    with StandIn(World(20)) as site, Client(settings(site.url)) as client:
        found = cities(client, Progress()).table
        site.retry_after = "250"
        site.faults["/wiki/Herat"] = ["429-after"]
        site.held["/wiki/Herat"] = lambda: "/wiki/Kabul" in site.served()  # not told to wait, too
        with pytest.raises(KeyboardInterrupt):
            fetch_pages(lake.Lake(tmp_path), CORPUS, found, client, Interrupted())
        assert not client.stopped.is_set()
    assert "/wiki/Kabul" in stored(tmp_path)
