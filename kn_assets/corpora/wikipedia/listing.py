"""The list of cities: from the list's first page over its sub-pages to city links in order.

Tables stand under headings by country (`city_tables.py` finds the cities in one).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree
from parsel import Selector

from kn_assets.corpora.wikipedia.city_tables import Link, of_table
from kn_assets.corpora.wikipedia.countries import bare, country_code
from kn_assets.corpora.wikipedia.html import document
from kn_assets.corpora.wikipedia.html.document import classes, link_title
from kn_assets.corpora.wikipedia.html.tables import heading_of, rows_of
from kn_assets.corpora.wikipedia.html.words import BOXES
from kn_assets.corpora.wikipedia.http.client import Client, unreachable
from kn_assets.corpora.wikipedia.http.exchange import Failed
from kn_assets.errors import KnError
from kn_assets.progress import Progress

_NO_COUNTRY = re.compile(r"\b(?:lists?|cities|towns|places|complete)\b", re.IGNORECASE)
_BACK_MATTER = re.compile(
    r"(?:see also|references|notes|footnotes|external links|further reading|sources|bibliography)$",
    re.IGNORECASE,
)
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}


def links(client: Client, progress: Progress) -> Iterator[Link]:
    """The cities of the list in its order, each title once, page after page.

    Raises KnError where a page of the list can't be had or holds no city.
    """
    seen: set[str] = set()
    for title in _pages(client):
        found = city_links(_fetch(client, title))
        progress.say(f"{len(found)} city links on {title}")
        if not found:
            raise _no_city(client, title)
        for link in found:
            if link.title not in seen:
                seen.add(link.title)
                yield link


def _pages(client: Client) -> list[str]:
    """Titles of the pages that hold the tables: the sub-pages by country, or the page itself."""
    title = client.settings.list_title
    html = _fetch(client, title)
    under = sub_pages(html, title)
    if not under and not city_links(html):
        raise _no_city(client, title)
    return under or [title]


def sub_pages(html: bytes, title: str) -> list[str]:
    """Titles of a list's sub-pages in order; of several ways of sorting, the one by country."""
    page = document.parse(html)
    if page.body is None:
        return []
    stems = tuple(t.replace("_", " ") + "/" for t in {title, page.title or title})
    anchors = Selector(root=page.body).css("a")
    found = [t for a in anchors if (t := link_title(a.root)) and t.startswith(stems)]
    by_country = [t for t in found if re.search(r"/\s*(?:by )?countr", t, re.IGNORECASE)]
    return list(dict.fromkeys(by_country or found))


def city_links(html: bytes) -> list[Link]:
    """The city links of a page's tables, in order; a title may come twice."""
    page = document.parse(html)
    if page.body is None:
        return []
    try:
        return _links_below(page.body)
    except RecursionError:  # markup nested so deeply is no list page
        return []


def _links_below(body: etree._Element) -> list[Link]:
    found: list[Link] = []
    outline: list[tuple[int, str]] = []
    for element in _blocks(body):
        level = _HEADINGS.get(element.tag)
        if level:
            outline = [h for h in outline if h[0] < level] + [(level, heading_of(element))]
        elif not (outline and _BACK_MATTER.match(outline[-1][1])):
            found += of_table(element, _country([text for _, text in outline]))
    return found


def _fetch(client: Client, title: str) -> bytes:
    try:
        return client.page(client.page_url(title)).html
    except Failed as e:
        if e.unreachable:
            raise KnError(unreachable(client.settings.base_url, str(e))) from e
        raise KnError(
            f"the list page {client.page_url(title)} can't be fetched ({e}): run the same command "
            "again later, or name another page with --list-title"
        ) from e


def _no_city(client: Client, title: str) -> KnError:
    return KnError(
        f"no city in any table of {client.page_url(title)}: look at the page, its layout may have "
        "changed, and name another with --list-title"
    )


def _blocks(root: etree._Element) -> Iterator[etree._Element]:
    """Headings and outermost tables in document order, without boxes."""
    for child in root:
        if not isinstance(child.tag, str) or not BOXES.isdisjoint(classes(child)):
            continue
        if child.tag in _HEADINGS:
            yield child
        elif child.tag == "table":
            # A table without rows of its own only lays out others.
            inner = child.findall(".//table")
            yield from _blocks(child) if inner and len(rows_of(child)) < len(inner) + 2 else [child]
        else:
            yield from _blocks(child)


def _country(headings: list[str]) -> str | None:
    """The innermost heading that names a country, else the innermost one."""
    for text in reversed(headings):
        if country_code(text):
            return bare(text)
    # Lands that GeoNames has no code for, such as Transnistria, have headings, too.
    named = bool(headings) and len(headings[-1]) > 1 and not _NO_COUNTRY.search(headings[-1])
    return bare(headings[-1]) if named else None
