"""The cities of one table of a list.

The column of cities is recognized by what it holds: its cells link to the most different articles,
with a preference for headers that speak of cities. The country is told by the heading before the
table, or by a column of countries where there is no such heading.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from lxml import etree

from kn_assets.corpora.wikipedia.countries import country_code, is_city_state
from kn_assets.corpora.wikipedia.html.document import classes, is_list, link_title
from kn_assets.corpora.wikipedia.html.tables import Grid, grid_of, text_of

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


@dataclass(frozen=True)
class Link:
    """A city as the list has it: the text of its link, the title it leads to, and its country."""

    name: str
    title: str
    country: str | None


def of_table(table: etree._Element, country: str | None) -> list[Link]:
    """The city links of a table, in order; `country` is what the headings before it say."""
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
