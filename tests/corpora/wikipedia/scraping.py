"""Whole runs against the stand-in, and what came of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from kn_assets import lake
from kn_assets.corpora.wikipedia import Client, Settings, Summary, cities, fetch_pages, prompts
from kn_assets.corpora.wikipedia.http import journal
from kn_assets.progress import Progress
from tests.corpora.wikipedia.standin import StandIn

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


def stored(data: Path) -> set[str]:
    """Paths of the articles that are on disk, in the table or the journal."""
    place = lake.Lake(data)
    rows: list[dict[str, Any]] = list(journal.rows(place.work(CORPUS, "pages")))
    if place.meta(CORPUS, "pages"):
        rows += place.read(CORPUS, "pages", ["url", "html"]).to_pylist()
    return {path_of(r["url"]) for r in rows if r["html"] is not None}
