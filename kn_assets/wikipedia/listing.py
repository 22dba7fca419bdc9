"""The list of cities: from the list's first page over its sub-pages to city links in order.

Tables are recognized by what they hold: the column of cities is the one whose cells link to the
most different articles, with a preference for headers that speak of cities. The country is the
heading before the table, or a column of countries where there is no such heading.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from lxml import etree

from kn_assets.errors import KnError
from kn_assets.progress import Progress
from kn_assets.wikipedia import document
from kn_assets.wikipedia.client import Client, unreachable
from kn_assets.wikipedia.countries import bare, country_code, is_city_state
from kn_assets.wikipedia.document import NOT_ARTICLE, classes, is_list
from kn_assets.wikipedia.exchange import Failed
from kn_assets.wikipedia.tables import Grid, grid_of, heading_of, rows_of, text_of
from kn_assets.wikipedia.words import BOXES

_CITY_HEADER = re.compile(
    r"\b(?:city|cities|towns?|municipality|locality|settlement|urban area|agglomeration|place|"
    r"location|commune|name)\b",
    re.IGNORECASE,
)
_NO_CITY_HEADER = re.compile(
    r"\b(?:population|pop|area|density|census|mayor|province|state|region|district|country|county|"
    r"notes?|ref|rank|native)\b",
    re.IGNORECASE,
)
_NO_COUNTRY = re.compile(r"\b(?:lists?|cities|towns|places|complete)\b", re.IGNORECASE)

_BACK_MATTER = re.compile(
    r"(?:see also|references|notes|footnotes|external links|further reading|sources|bibliography)$",
    re.IGNORECASE,
)
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}


@dataclass(frozen=True)
class Link:
    """A city as the list has it: the text of its link, the title it leads to, and its country."""

    name: str
    title: str
    country: str | None


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
    found = [t for a in page.body.iter("a") if (t := link_title(a)) and t.startswith(stems)]
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
            found += _of_table(element, _country([text for _, text in outline]))
    return found


def link_title(a: etree._Element) -> str | None:
    """The title of the article a link leads to; None for red, outside, image and section links."""
    href = a.get("href") or ""
    red = "new" in classes(a) or "redlink=1" in href
    if red or not href or href.startswith("#") or "external" in classes(a):
        return None
    parts = urlsplit(href)
    if parts.scheme not in ("", "http", "https") or parts.query:
        return None
    path = unquote(parts.path)
    if "/wiki/" in path:
        name = path.split("/wiki/", 1)[1]
    elif path.startswith("./"):
        name = path[2:]
    elif not parts.netloc and "/" not in path and path.endswith(".html"):
        name = path.removesuffix(".html")
    else:
        return None
    name = " ".join(name.replace("_", " ").split())
    return None if not name or NOT_ARTICLE.match(name) else name


def _fetch(client: Client, title: str) -> bytes:
    try:
        return client.page(client.page_url(title)).html
    except Failed as e:
        if e.unreachable:
            raise KnError(unreachable(client.settings.base_url, str(e))) from e
        raise KnError(
            f"the list page {client.page_url(title)} can't be had ({e}): run the same command "
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


def _of_table(table: etree._Element, country: str | None) -> list[Link]:
    grid = grid_of(table)
    if not grid:
        return []
    header = grid[0] if all(c.tag == "th" for c in grid[0] if c is not None) else []
    titles = [text_of(c) if c is not None else "" for c in header]
    rows = [r for r in grid if any(c is not None and c.tag == "td" for c in r)]
    column = _city_column(rows, titles, country)
    if column is None:
        return []
    known = country is not None and country_code(country) is not None
    countries = None if known else _country_column(rows, column)
    found = []
    for row in rows:
        cell = row[column] if column < len(row) else None
        link = _city_in(cell, country)
        if link is not None:
            own = row[countries] if countries is not None and countries < len(row) else None
            found.append(Link(link[0], link[1], text_of(own) if own is not None else country))
    return found


def _city_column(rows: Grid, titles: list[str], country: str | None) -> int | None:
    """The column whose cells link to most different articles; headers of cities are preferred."""
    best, best_score, told = None, 0.0, False
    for i in range(max(map(len, rows), default=0)):
        header = titles[i] if i < len(titles) else ""
        names = Counter(
            link[1] for r in rows if i < len(r) and (link := _city_in(r[i], country)) is not None
        )
        share = len(names) / len(rows)
        is_city = bool(_CITY_HEADER.search(header)) and not _NO_CITY_HEADER.search(
            header.split("(")[0]
        )
        is_other = not is_city and bool(_NO_CITY_HEADER.search(header))
        score = share + (1.0 if is_city else -0.5 if is_other else 0.0) if names else 0.0
        if score > best_score:
            best, best_score, told = i, score, is_city
    return best if told or (best is not None and _has_counts(rows)) else None


def _has_counts(rows: Grid) -> bool:
    """Whether most rows hold a number of five digits or more: inhabitants."""
    number = re.compile(r"\b\d{1,3}(?:[,.\s]\d{3})+\b|\b\d{5,}\b")
    held = sum(any(c is not None and number.search(text_of(c)) for c in row) for row in rows)
    return held * 2 >= len(rows)


def _city_in(cell: etree._Element | None, country: str | None) -> tuple[str, str] | None:
    """Name and title of the first article a cell links to, unless that is red or a country."""
    if cell is None:
        return None
    for a in cell.iter("a"):
        if a.find(".//img") is not None or _in_note(a, cell):
            continue
        if "new" in classes(a) or "redlink=1" in (a.get("href") or ""):
            return None
        title = link_title(a)
        if title is None or is_list(title):
            continue
        if country_code(title) and not is_city_state(title, country):
            continue
        return text_of(a) or title, title
    return None


def _country_column(rows: Grid, but: int) -> int | None:
    """The column which names a country in most rows."""
    for i in range(max(map(len, rows), default=0)):
        cells = [r[i] for r in rows if i < len(r)]
        named = sum(c is not None and country_code(text_of(c)) is not None for c in cells)
        if i != but and named * 5 >= len(rows) * 4:
            return i
    return None


def _in_note(a: etree._Element, cell: etree._Element) -> bool:
    for e in a.iterancestors():
        if e is cell:
            return False
        if e.tag == "sup" or not {"reference", "mw-ref"}.isdisjoint(classes(e)):
            return True
    return False
