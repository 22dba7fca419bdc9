# ruff: noqa: E501, SIM905 (HTML reads better in whole lines, and word lists as words)
"""A small Wikipedia of our own writing: list pages and articles in the shapes the real one serves.

Everything is a function of the city's place in the list, so that any two runs see the same world.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote

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
_IPA = (
    '<span class="rt-commentedText nowrap"><span class="IPA nopopups noexcerpt" lang="en-fonipa">'
    '<a href="/wiki/Help:IPA/English" title="Help:IPA/English">/<span title="k as in kind">{0}</span>/</a>'
    "</span></span>"
)
_RESPELL = (
    ' <a href="/wiki/Help:Pronunciation_respelling_key" title="Help:Pronunciation respelling key">'
    '<i title="English pronunciation respelling">{0}</i></a>'
)
_LANG = '<a href="/wiki/{0}_language" title="{0} language">{0}</a>: <span lang="{1}" dir="rtl">{2}</span>'
_ROMAN = ', <small><a href="/wiki/Romanization" title="Romanization">romanized</a>:&#160;</small><span title="{0}-language romanization"><i lang="{1}-Latn">{2}</i></span>'
_SOUND = (
    '<span class="noprint"><span class="ext-phonos"><span data-nosnippet="" id="ooui-1" class="ext-phonos-'
    'PhonosButton noexcerpt oo-ui-widget"><a role="button" href="//upload.wikimedia.org/k.oga" '
    'title="Play audio"><span class="oo-ui-labelElement-label">ⓘ</span></a></span></span></span>'
)
_NOTE = '<sup id="cite_ref-{0}" class="reference"><a href="#cite_note-{0}"><span class="cite-bracket">&#91;</span>{0}<span class="cite-bracket">&#93;</span></a></sup>'
_UPDATE = '<sup class="plainlinks noexcerpt noprint asof-tag update" style="display:none;"><a href="/w/index.php?action=edit">[update]</a></sup>'

LEADS = {
    "Kabul": (
        f"<b>Kabul</b>{_NOTE.format('a')} ({_IPA.format('ˈkɑːbʊl')},{_RESPELL.format('KAH-buul')}; "
        f"{_LANG.format('Pashto', 'ps', 'کابل')}{_ROMAN.format('Pashto', 'ps', 'Kābəl')}, "
        f'<small>pronounced</small> <span class="IPA" lang="ps-Latn-fonipa">[kɑˈbəl]</span>; '
        f'{_LANG.format("Dari", "prs", "کابل")}, <i lang="prs-Latn">Kābol</i> {_SOUND}) is the '
        '<a href="/wiki/Capital_city" title="Capital city">capital</a> and largest city of '
        '<a href="/wiki/Afghanistan" title="Afghanistan">Afghanistan</a>, located in the eastern section of '
        f"the country. It is also a municipality, forming part of the Kabul Province{_NOTE.format(4)} and "
        "divided into 22&#160;districts."
    ),
    "Herat": (
        f"<b>Herāt</b> ({_IPA.format('hɛˈrɑːt')}; {_LANG.format('Pashto', 'ps', 'هرات')}; "
        f'{_LANG.format("Dari", "prs", "هرات")}) is an <a href="/wiki/Oasis" title="Oasis">oasis</a> city '
        f"and the third-largest city of Afghanistan. In 2020{_UPDATE}, it had an estimated population of "
        f"574,276,{_NOTE.format(2)} and serves as the capital of Herat Province."
    ),
    "Kandahar": (
        f"<b>Kandahar</b> ({_IPA.format('ˈkændəˌhɑːr/ or /ˌkændəˈhɑːr')}; "
        f"{_LANG.format('Pashto', 'ps', 'کندهار')}{_ROMAN.format('Pashto', 'ps', 'Kandahār')}; "
        f'{_LANG.format("Dari", "prs", "قندهار")}, <i lang="prs-Latn">Qandahār</i>) is a city in '
        "Afghanistan, located in the south of the country on the Arghandab River, at an elevation of "
        "1,010&#160;m (3,310&#160;ft)."
    ),
    "Mazar-i-Sharif": (
        '<b>Mazār-i-Sharīf</b> (<a href="/wiki/Dari" title="Dari">Dari</a>/<a href="/wiki/Pashto" '
        'title="Pashto">Pashto</a>: <span lang="prs">مزار شریف</span>), also called <b>Mazār-e Sharīf</b>, or '
        f"just <b>Mazar</b>, is the fourth-largest city of Afghanistan by population, with an estimate of "
        f"500,207.{_NOTE.format(1)}"
    ),
    "Jalalabad": (
        f'<b>Jalalabad</b> ({_IPA.format("dʒəˈlæləˌbæd")}; <a href="/wiki/Dari" title="Dari">Dari</a>/'
        '<a href="/wiki/Pashto" title="Pashto">Pashto</a>: <span lang="ps">جلال‌آباد</span>, '
        "<i>Jalālābād</i> [d͡ʒälɑlɑˈbɑd]) is the fifth-largest city of Afghanistan. It has a population of "
        f"about 356,274,{_NOTE.format(1)} and serves as the capital of Nangarhar Province in the "
        "eastern part of the country."
    ),
}

_INFOBOX = (
    '<table class="infobox ib-settlement vcard"><tbody><tr><th colspan="2" class="infobox-above">'
    '<div class="fn org">{name}</div></th></tr><tr><td colspan="2" class="infobox-full-data"><p>A picture of '
    "{name} which no reader would call its first sentence.</p></td></tr>"
    '<tr><th>Population</th><td>{population:,}<sup class="reference"><a href="#cite_note-9">[9]</a></sup></td></tr>'
    "</tbody></table>"
)
_BEFORE = (
    '<div class="shortdescription nomobile noexcerpt noprint searchaux" style="display:none">City in {country}</div>'
    '<style data-mw-deduplicate="TemplateStyles:r1">.mw-parser-output .hatnote{{font-style:italic}}</style>'
    '<div role="note" class="hatnote navigation-not-searchable">For other uses, see '
    '<a href="/wiki/{q}_(disambiguation)" class="mw-disambig" title="{name} (disambiguation)">{name} '
    "(disambiguation)</a>.</div>"
    '<table class="box-More_citations ambox"><tbody><tr><td><div>This article <b>needs</b> more sources.'
    "</div></td></tr></tbody></table>"
    '<p class="mw-empty-elt">\n\n</p>'
)
_HEAD2022 = (
    '<!DOCTYPE html>\n<html class="client-nojs vector-feature-language-in-header-enabled" lang="en" dir="ltr">\n'
    '<head>\n<meta charset="UTF-8">\n<title>{name} - Wikipedia</title>\n'
    '<script>RLCONF={{"wgPageName":"{q}","wgCurRevisionId":{revision},"wgRevisionId":{revision},'
    '"wgIsArticle":true}};</script>\n<style>.a{{color:red}}</style></head>\n'
    '<body class="skin--responsive skin-vector skin-vector-search-vue mediawiki ltr ns-0 ns-subject page-x '
    'skin-vector-2022 action-view">\n<nav class="vector-main-menu"><p>Jump to navigation.</p></nav>'
    '<main id="content" class="mw-body"><header class="mw-body-header"><h1 id="firstHeading" '
    'class="firstHeading mw-first-heading"><span class="mw-page-title-main">{name}</span></h1></header>'
    '<div class="mw-indicators"><div id="mw-indicator-coordinates" class="mw-indicator"><div '
    'class="mw-parser-output"><span id="coordinates">Coordinates: <span class="geo-dms">34°31′N 69°11′E</span>'
    '</span></div></div></div><div id="bodyContent" class="vector-body"><div id="siteSub" class="noprint">'
    'From Wikipedia, the free encyclopedia</div><div id="mw-content-text" class="mw-body-content">'
    '<div class="mw-content-ltr mw-parser-output" lang="en" dir="ltr">'
)
_TAIL2022 = (
    '</div></div></div></main><footer><p>Text is available under the <a rel="license" '
    'href="//creativecommons.org/licenses/by-sa/4.0/">Creative Commons Attribution-ShareAlike License 4.0</a>.'
    "</p></footer></body></html>"
)
_TOC = (
    '<div id="toc" class="toc" role="navigation"><h2>Contents</h2><ul><li>1 History</li></ul></div>'
)
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
        body = "<p>The following is a list of towns and cities by country.</p>" + _TOC
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
            _BEFORE.format(country=self.country(i), q=_q(name), name=escape(name))
            + _INFOBOX.format(name=escape(name), population=self.population(i))
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
                f'-text" lang="en" dir="ltr" class="mw-content-ltr"><div class="mw-parser-output">{lead}{_TOC}{rest}'
                "</div></div></div></div></body></html>"
            )
        if shape == 7:  # a bare body
            return f'{lead}{rest}<div class="printfooter"><a href="/w/index.php?oldid={revision}">this</a></div>'
        return self._whole(name, lead + rest, revision)

    def _whole(self, name: str, body: str, revision: int) -> str:
        head = _HEAD2022.format(name=escape(name), q=_q(name), revision=revision)
        return head + body + _TAIL2022

    def _lead(self, i: int) -> str:
        name, country = self.names[i].split(",")[0], self.country(i)
        kind = ("city", "port city", "market town", "provincial capital")[i % 4]
        return (
            f"<b>{escape(name)}</b> ({_IPA.format('ˈtɛstˌsiːti')}; "
            f"{_LANG.format('Persian', 'fa', 'شهر')}{_ROMAN.format('Persian', 'fa', 'Shahr')}) is a {kind} in the "
            f'<a href="/wiki/{country}" title="{country}">{country}</a> highlands, on the river Number {i}.'
            f"{_NOTE.format(1)} As of 2020{_UPDATE}, it had a population of {self.population(i):,} (estimated 2020) "
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
                    f'<p>{words} <a href="/wiki/X{j}" title="X{j}">x</a>{_NOTE.format(j)}</p>'
                )
        links = "".join(f'<li><a href="/wiki/Y{j}" title="Y{j}">Y{j}</a></li>' for j in range(150))
        parts.append(
            f'<div role="navigation" class="navbox"><table class="nowraplinks"><tbody><tr><td><ul>{links}</ul></td>'
            "</tr></tbody></table></div>"
        )
        return "".join(parts)


def _q(title: str) -> str:
    return quote(title.replace(" ", "_"), safe="/:,()'-._")
