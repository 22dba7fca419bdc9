"""Fetching is resumable: what is stored is never fetched again, whatever happens to the run."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pytest
from standin import PASSING, StandIn
from world import World

from kn_assets import lake
from kn_assets.errors import KnError
from kn_assets.progress import Progress
from kn_assets.wikipedia import Client, Settings, Summary, cities, fetch_pages, journal, prompts
from kn_assets.wikipedia.pages import pack, unpack

CORPUS = lake.corpus("wikipedia")


def settings(url: str, **more: object) -> Settings:
    given = {"contact": "a@b.org", "base_url": url, "rate": 3000.0, "backoff": 0.01}
    return Settings.of(**{**given, **more})


def scrape(url: str, data: Path, **more: object) -> tuple[Summary, pa.Table, pa.Table]:
    """One whole run: its summary, the pages and the prompts."""
    place = lake.Lake(data)
    with Client(settings(url, **more)) as client:
        found = cities(client, Progress()).table
        summary = fetch_pages(place, CORPUS, found, client, Progress())
    pages = place.read(CORPUS, "pages")
    return summary, pages, prompts(pages, found).table


def served(site: StandIn) -> dict[str, int]:
    """How often each article was served."""
    return {p: n for p, n in site.served().items() if p.startswith("/wiki/") and "List" not in p}


def path_of(url: str) -> str:
    return unquote(urlsplit(url).path)


def test_pages_are_kept_as_they_came(tmp_path: Path) -> None:
    world = World(60)
    with StandIn(world) as site:
        summary, pages, _ = scrape(site.url, tmp_path)
    assert summary.outcomes["fetched"] == summary.total == 60
    assert (summary.failures, summary.failed_share) == ({}, 0.0)
    assert pages["city_id"].to_pylist() == list(range(60))
    for name, row in zip(world.names, pages.to_pylist(), strict=True):
        assert unpack(row["html"]).decode() == world.article(name)
        assert row["revision"] == world.revision(name)
        assert (row["status"], row["reason"]) == (200, None)
        assert row["licence"] == "CC BY-SA 4.0"
    assert pages["title"].to_pylist()[:5] == world.names[:5]
    assert not list((tmp_path).rglob("*.arrows"))


def test_packing() -> None:
    for html in (b"", b"x", os.urandom(3_000_000)):
        assert unpack(pack(html)) == html


def test_a_second_run_fetches_only_what_changed(tmp_path: Path) -> None:
    world = World(120)
    with StandIn(world) as site:
        _, before, first = scrape(site.url, tmp_path)
        changed = [world.names[i] for i in (3, 50, 119)]
        world.edited |= dict.fromkeys(changed, 1)
        site.api_titles.clear()
        summary, after, second = scrape(site.url, tmp_path)
        again = {p for p, n in served(site).items() if n > 1}
    assert summary.outcomes == {"unchanged": 117, "fetched": 3, "resumed": 0}
    assert again == {"/wiki/" + n.replace(" ", "_") for n in changed}
    assert max(map(len, site.api_titles)) <= 50
    assert [i for i in range(120) if first["text"][i] != second["text"][i]] == [3, 50, 119]
    assert "changed 1 times" in second["text"][50].as_py()
    kept = [i for i in range(120) if i not in (3, 50, 119)]
    assert before.take(kept).equals(after.take(kept))


def test_failures_are_recorded_and_tried_again(tmp_path: Path) -> None:
    world = World(50)
    with StandIn(world) as site:
        site.always |= {"/wiki/Kabul": "404", "/wiki/Herat": "pdf"}
        summary, pages, made = scrape(site.url, tmp_path, attempts=2)
        assert summary.outcomes["failed"] == 2
        assert summary.failed_share == 2 / 50
        assert sorted(summary.failures.values()) == ["HTTP 404", "not HTML but application/pdf"]
        assert pages["status"].to_pylist()[:2] == [404, 200]
        assert pages["html"].null_count == 2
        assert pages["reason"].to_pylist()[:2] == [
            "failed: HTTP 404",
            "failed: not HTML but application/pdf",
        ]
        assert made["city_id"].to_pylist() == list(range(2, 50))
        assert made["prompt_id"].to_pylist() == list(range(48))
        site.always.clear()
        summary, pages, made = scrape(site.url, tmp_path)
        assert summary.outcomes == {"unchanged": 48, "fetched": 2, "resumed": 0}
        assert set(served(site).values()) == {1}
    assert pages["html"].null_count == 0
    assert made.num_rows == 50


def test_a_stored_page_survives_a_failed_refetch(tmp_path: Path) -> None:
    world = World(30)
    with StandIn(world) as site:
        _, before, _ = scrape(site.url, tmp_path)
        world.edited["Kabul"] = 1
        site.always["/wiki/Kabul"] = "404"
        summary, after, _ = scrape(site.url, tmp_path)
    assert summary.outcomes["failed"] == 1
    assert after.equals(before)


def test_a_smaller_limit_forgets_nothing(tmp_path: Path) -> None:
    with StandIn(World(60)) as site:
        scrape(site.url, tmp_path)
        summary, pages, made = scrape(site.url, tmp_path, limit=7)
        assert summary.outcomes == {"unchanged": 7, "resumed": 0}
        assert (pages.num_rows, made.num_rows) == (60, 7)
        scrape(site.url, tmp_path)
        assert set(served(site).values()) == {1}


RUN = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_pages import scrape
scrape(sys.argv[1], Path(sys.argv[2]), rate=float(sys.argv[4]))
"""


def stored(data: Path) -> set[str]:
    """Paths of the articles that are on disk, in the table or the journal."""
    place = lake.Lake(data)
    rows: list[dict[str, Any]] = list(journal.rows(place.work(CORPUS, "pages")))
    if place.meta(CORPUS, "pages"):
        rows += place.read(CORPUS, "pages", ["url", "html"]).to_pylist()
    return {path_of(r["url"]) for r in rows if r["html"] is not None}


def test_killed_three_times(tmp_path: Path) -> None:
    world = World(240)
    rng = random.Random(7)
    with StandIn(world) as quiet:
        _, _, expected = scrape(quiet.url, tmp_path / "quiet")
    with StandIn(world) as site:
        command = [sys.executable, "-c", RUN, site.url, str(tmp_path / "killed")]
        command += [str(Path(__file__).parent), "150"]
        at_kills: list[tuple[set[str], dict[str, int]]] = []
        enough = 0
        for k in range(3):
            enough += rng.randint(30, 60)
            with subprocess.Popen(command) as process:
                try:
                    while len(served(site)) < enough:
                        assert process.poll() is None
                        time.sleep(0.01)
                finally:
                    process.kill()
            kept, before = stored(tmp_path / "killed"), served(site)
            # What was served but not stored was in flight.
            assert len(set(before) - kept) <= 2 * (k + 1)
            assert len(kept) >= enough - 3 * (k + 1)
            at_kills.append((kept, before))
        subprocess.run(command, check=True)
        after = served(site)
        for kept, before in at_kills:
            assert {p for p in kept if after[p] > before[p]} == set()
        assert sum(after.values()) <= 240 + 3 * 2
    pages = lake.Lake(tmp_path / "killed").read(CORPUS, "pages")
    got = prompts(pages, pages.select(["city_id", "url"])).table
    assert got.num_rows == 240
    assert got.equals(expected)


def test_a_torn_journal_gives_its_whole_pages(tmp_path: Path) -> None:
    rows = [{"url": str(i), "html": os.urandom(500), "status": 200} for i in range(5)]
    with journal.Journal(tmp_path) as j:
        for row in rows:
            j.append(row)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    counts = []
    for end in [*range(0, len(whole), 97), len(whole)]:
        file.write_bytes(whole[:end])
        got = list(journal.rows(tmp_path))
        assert [r["html"] for r in got] == [r["html"] for r in rows[: len(got)]]
        counts.append(len(got))
    assert counts == sorted(counts)
    assert set(counts) == {0, 1, 2, 3, 4, 5}
    # A later run writes a file of its own behind it.
    with journal.Journal(tmp_path) as j:
        j.append({"url": "later"})
    assert [r["url"] for r in journal.rows(tmp_path)][-1] == "later"


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

        client.page = fails_later  # type: ignore[method-assign]
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
        with pytest.raises(KnError, match=r"refuses page after page .HTTP 403"):
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


class Filling:
    """A file on a disk that is full after some bytes."""

    def __init__(self, path: Path, room: int) -> None:
        self.file, self.room = path.open("xb"), room
        self.closed = False

    def write(self, data: Any) -> int:
        data = bytes(data)
        self.file.write(data[: self.room])
        self.file.flush()
        if len(data) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= len(data)
        return len(data)

    def flush(self) -> None:
        self.file.flush()

    def close(self) -> None:
        self.closed = True
        self.file.close()


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.open

    def filling(self: Path, mode: str = "r", *args: Any, **more: Any) -> Any:
        if self.name.endswith(".arrows") and "x" in mode:
            monkeypatch.setattr(Path, "open", real)
            return Filling(self, 60_000)
        return real(self, mode, *args, **more)

    with StandIn(World(60)) as site:
        monkeypatch.setattr(Path, "open", filling)
        with pytest.raises(KnError, match="is full: free some space") as e:
            scrape(site.url, tmp_path)
        assert "\n" not in str(e.value)
        kept = stored(tmp_path)
        assert 0 < len(kept) < 60
        summary, _, made = scrape(site.url, tmp_path)
        assert summary.outcomes["resumed"] == len(kept)
        assert {p for p in kept if served(site)[p] > 1} == set()
    assert made.num_rows == 60


def test_unwritable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with StandIn(World(10)) as site:
        with pytest.raises(KnError, match="make it writable or set KN_DATA") as e:
            scrape(site.url, tmp_path / "file")
        assert "\n" not in str(e.value)
        assert served(site) == {}
