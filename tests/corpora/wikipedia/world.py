# ruff: noqa: E501, SIM905 (HTML reads better in whole lines, and word lists as words)
"""A small Wikipedia of our own writing: list pages and articles in the shapes the real one serves.

Everything is a function of the city's place in the list, so that any two runs see the same world.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote

from tests.corpora.wikipedia.markup import (
    BEFORE,
    HEAD2022,
    INFOBOX,
    IPA,
    LANG,
    LEADS,
    NOTE,
    ROMAN,
    TAIL2022,
    TOC,
    UPDATE,
)

LIST_TITLE = "List of towns and cities with 100,000 or more inhabitants"
RANGES = ("A-B", "C-D-E-F", "G-H-I-J-K", "L-M-N-O", "P-Q-R-S", "T-U-V-W-Y-Z")
_COUNTRIES = (
    "Afghanistan Albania Algeria Argentina Australia Bangladesh Belgium Brazil Bulgaria Cameroon Canada "
    "Chile China Colombia Denmark Egypt Ethiopia France Germany Ghana Greece India Indonesia Iran Italy "
    "Japan Kenya Malaysia Mexico Morocco Nigeria Norway Pakistan Peru Poland Romania Russia Spain Sudan "
    "Turkey Ukraine Uruguay Vietnam Zambia"
).split()

# The five first cities, with leads built as the real ones are.
FIRST = ("Kabul", "Herat", "Kandahar", "Mazar-i-Sharif", "Jalalabad")
_SOUNDS = "ka ber ton vil mar san lo ri dor een usk ás ñu ör zé gha tsi ow pra lem qui shā".split()


@dataclass
class World:
    """`n` cities over the countries of the list; `edited` holds how often each article was changed."""

    n: int = 100
    red_links: bool = True
    edited: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = [self._name(i) for i in range(self.n)]
        self.place = {name: i for i, name in enumerate(self.names)}
        self.redirects = {
            f"{name} City": name for i, name in enumerate(self.names) if self._by_redirect(i)
        }

    def _name(self, i: int) -> str:
        if i < len(FIRST):
            return FIRST[i]
        rng = random.Random(i)
        stem = "".join(rng.choice(_SOUNDS) for _ in range(rng.randint(2, 4))).capitalize()
        return f"{stem}-{i}" if i % 3 else f"{stem} {i}, {self.country(i)}"

    @staticmethod
    def _by_redirect(i: int) -> bool:
        return i >= len(FIRST) and i % 31 == 7

    def country(self, i: int) -> str:
        if i < len(FIRST):
            return "Afghanistan"
        return _COUNTRIES[(i - len(FIRST)) * len(_COUNTRIES) // max(self.n - len(FIRST), 1)]

    def population(self, i: int) -> int:
        return 100_000 + i * 37 % 900_000

    def revision(self, name: str) -> int:
        return 1_200_000_000 + self.place[name] * 100 + self.edited.get(name, 0)

    def link(self, i: int) -> tuple[str, str]:
        """Title a list page links to, and the text it shows."""
        name = self.names[i]
        return (f"{name} City" if self._by_redirect(i) else name), name.split(",")[0]

    def list_page(self, title: str) -> str | None:
        """The HTML of the list or one of its sub-pages, None for other titles."""
        if title == LIST_TITLE:
            held = [r for r in RANGES if any(self.country(i)[0] in r for i in range(self.n))]
            subs = [f"{kind}: {r}" for kind in ("cityname", "country") for r in held]
            items = "".join(
                f'<li><a href="/wiki/{_q(f"{title}/{s}")}" title="{title}/{s}">{s}</a></li>'
                for s in subs
            )
            return self._whole(title, f"<p>This is a list of cities.</p><ul>{items}</ul>", 1)
        part = title.removeprefix(f"{LIST_TITLE}/country: ")
        if part not in RANGES:
            return None
        body = "<p>The following is a list of towns and cities by country.</p>" + TOC
        for country in dict.fromkeys(self.country(i) for i in range(self.n)):
            if country[0] in part:
                body += self._table(country)
        return self._whole(title, body + "<h2>See also</h2><ul><li>None</li></ul>", 2)

    def _table(self, country: str) -> str:
        flag = f'<span class="flagicon"><a href="/wiki/{country}" title="{country}"><img src="f.png"></a></span>'
        rows = ""
        for i in range(self.n):
            if self.country(i) == country:
                title, text = self.link(i)
                note = '<sup class="reference"><a href="#cite_note-1">[1]</a></sup>'
                rows += (
                    f'<tr><td>{flag} <a href="/wiki/{_q(title)}" title="{escape(title)}">{escape(text)}</a>{note}'
                    f'</td><td><a href="/wiki/{country}_Province" title="{country} Province">{country} Province</a>'
                    f"</td><td>{self.population(i):,}</td></tr>"
                )
        if self.red_links:
            rows += (
                '<tr><td><a href="/w/index.php?title=Nowhere&amp;action=edit&amp;redlink=1" class="new" '
                'title="Nowhere (page does not exist)">Nowhere</a></td><td></td><td>100,001</td></tr>'
            )
        return (
            f'<div class="mw-heading mw-heading2"><h2 id="{country}">{country}</h2><span class="mw-editsection">'
            f'[<a href="/w/index.php?action=edit">edit</a>]</span></div><table class="wikitable sortable"><tbody>'
            f"<tr><th>City</th><th>Province</th><th>Population</th></tr>{rows}</tbody></table>"
        )

    def article(self, name: str) -> str | None:
        """The HTML of a city's article in one of four shapes, None for other titles."""
        if name not in self.place:
            return None
        i = self.place[name]
        lead = LEADS.get(name) or self._lead(i)
        if changed := self.edited.get(name):
            lead += f" This article was changed {changed} times."
        body = (
            BEFORE.format(country=self.country(i), q=_q(name), name=escape(name))
            + INFOBOX.format(name=escape(name), population=self.population(i))
            + f"<p>{lead}\n</p><p>A second paragraph on {escape(name)} says that trains stop here.</p>"
        )
        return self._shaped(i, name, body, self._rest(i), self.revision(name))

    def _shaped(self, i: int, name: str, lead: str, rest: str, revision: int) -> str:
        shape = i % 8 if i >= len(FIRST) else 0
        if shape == 5:  # Parsoid, as the REST API serves it
            return (
                f'<!DOCTYPE html>\n<html prefix="mw: http://mediawiki.org/rdf/" about="https://en.wikipedia.org/'
                f'wiki/Special:Redirect/revision/{revision}"><head><meta charset="utf-8"/><title>{escape(name)}</title>'
                f'</head><body lang="en" class="mw-content-ltr mw-body-content mediawiki mw-parser-output">'
                f'<section data-mw-section-id="0">{lead}</section><section data-mw-section-id="1">{rest}</section>'
                "</body></html>"
            )
        if shape == 6:  # Vector legacy
            return (
                f'<!DOCTYPE html>\n<html class="client-nojs" lang="en" dir="ltr"><head><meta charset="UTF-8"/><title>'
                f'{escape(name)} - Wikipedia</title><script>RLCONF={{"wgRevisionId":{revision}}};</script></head>'
                f'<body class="mediawiki ltr ns-0 skin-vector"><div id="content" class="mw-body"><h1 '
                f'id="firstHeading" class="firstHeading">{escape(name)}</h1><div id="bodyContent"><div id="mw-content'
                f'-text" lang="en" dir="ltr" class="mw-content-ltr"><div class="mw-parser-output">{lead}{TOC}{rest}'
                "</div></div></div></div></body></html>"
            )
        if shape == 7:  # a bare body
            return f'{lead}{rest}<div class="printfooter"><a href="/w/index.php?oldid={revision}">this</a></div>'
        return self._whole(name, lead + rest, revision)

    def _whole(self, name: str, body: str, revision: int) -> str:
        head = HEAD2022.format(name=escape(name), q=_q(name), revision=revision)
        return head + body + TAIL2022

    def _lead(self, i: int) -> str:
        name, country = self.names[i].split(",")[0], self.country(i)
        kind = ("city", "port city", "market town", "provincial capital")[i % 4]
        return (
            f"<b>{escape(name)}</b> ({IPA.format('ˈtɛstˌsiːti')}; "
            f"{LANG.format('Persian', 'fa', 'شهر')}{ROMAN.format('Persian', 'fa', 'Shahr')}) is a {kind} in the "
            f'<a href="/wiki/{country}" title="{country}">{country}</a> highlands, on the river Number {i}.'
            f"{NOTE.format(1)} As of 2020{UPDATE}, it had a population of {self.population(i):,} (estimated 2020) "
            f"over an area of {i % 700 + 20}&#160;km<sup>2</sup> ({i % 300 + 8}&#160;sq&#160;mi)."
        )

    def _rest(self, i: int) -> str:
        """Sections, references and boxes such as make up most of a real page's bytes."""
        rng = random.Random(-i)
        parts = []
        for title in ("History", "Geography", "Economy", "Transport", "See also"):
            parts.append(f'<div class="mw-heading mw-heading2"><h2 id="{title}">{title}</h2></div>')
            for j in range(rng.randint(2, 12)):
                words = " ".join(rng.choice(_SOUNDS) for _ in range(40))
                parts.append(
                    f'<p>{words} <a href="/wiki/X{j}" title="X{j}">x</a>{NOTE.format(j)}</p>'
                )
        links = "".join(f'<li><a href="/wiki/Y{j}" title="Y{j}">Y{j}</a></li>' for j in range(150))
        parts.append(
            f'<div role="navigation" class="navbox"><table class="nowraplinks"><tbody><tr><td><ul>{links}</ul></td>'
            "</tr></tbody></table></div>"
        )
        return "".join(parts)


def _q(title: str) -> str:
    return quote(title.replace(" ", "_"), safe="/:,()'-._")
