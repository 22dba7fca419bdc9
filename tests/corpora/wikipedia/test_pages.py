"""Pages are fetched once, kept as they came, and fetched again only where they changed."""

from __future__ import annotations

from pathlib import Path

from kn_assets.corpora.wikipedia.pages import unpack
from tests.corpora.wikipedia.scraping import scrape, served
from tests.corpora.wikipedia.standin import StandIn
from tests.corpora.wikipedia.world import World


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
