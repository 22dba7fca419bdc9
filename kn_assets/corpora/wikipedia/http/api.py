"""What the Action API says of titles: names after redirects and newest revisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kn_assets.corpora.wikipedia.http.client import Client

BATCH = 50
"""Titles which one request may ask for."""


@dataclass(frozen=True)
class PageInfo:
    """What the API says of a title: its name after redirects and its newest revision."""

    title: str
    revision: int | None
    missing: bool


def info(client: Client, titles: Iterable[str]) -> dict[str, PageInfo]:
    """What the API knows of titles, asked in batches of 50, by the title as it was given.

    Raises Failed.
    """
    found: dict[str, PageInfo] = {}
    asked = list(dict.fromkeys(titles))
    for start in range(0, len(asked), BATCH):
        found |= _batch(client, asked[start : start + BATCH])
    return found


def _batch(client: Client, titles: list[str]) -> dict[str, PageInfo]:
    asked: dict[str, str] = {
        "action": "query",
        "prop": "info",
        "titles": "|".join(titles),
        "redirects": "1",
        "format": "json",
        "formatversion": "2",
    }
    renamed: dict[str, str] = {}
    pages: dict[str, PageInfo] = {}
    more: Mapping[str, str] = {}
    while True:
        answer = client.query({**asked, **more})
        query = answer.get("query", {})
        for step in ("normalized", "converted", "redirects"):
            renamed |= {r["from"]: r["to"] for r in query.get(step, [])}
        listed = query.get("pages", [])
        # Mirrors of older software answer in the first format: by page id, with "missing": "".
        for page in listed.values() if isinstance(listed, dict) else listed:
            missing = any(page.get(k, False) is not False for k in ("missing", "invalid"))
            told = PageInfo(page["title"], page.get("lastrevid"), missing)
            if told.revision or page["title"] not in pages:
                pages[page["title"]] = told
        more = answer.get("continue") or {}
        if not more:
            return {t: pages[n] for t in titles if (n := _followed(t, renamed)) in pages}


def _followed(title: str, renamed: Mapping[str, str]) -> str:
    seen: set[str] = set()
    while title in renamed and title not in seen:
        seen.add(title)
        title = renamed[title]
    return title
