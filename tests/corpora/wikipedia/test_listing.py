# ruff: noqa: E501 (HTML reads better in whole lines)
"""City links are found by what tables hold, in the shapes list pages have had."""

from __future__ import annotations

from pathlib import Path

import pytest

from kn_assets.corpora.wikipedia import Client, Settings, cities
from kn_assets.corpora.wikipedia.city_tables import Link
from kn_assets.corpora.wikipedia.countries import country_code
from kn_assets.corpora.wikipedia.listing import city_links, sub_pages
from kn_assets.errors import KnError
from kn_assets.progress import Progress
from tests.corpora.wikipedia.standin import StandIn
from tests.corpora.wikipedia.world import FIRST, LIST_TITLE, RANGES, World

REALDATA = Path(__file__).parents[4] / "shared" / "realdata"


def settings(site: StandIn, **more: object) -> Settings:
    given = {"contact": "test@example.org", "base_url": site.url, "rate": 2000.0, "backoff": 0.01}
    return Settings.of(**{**given, **more})


def row(*cells: str, tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{c}</{tag}>" for c in cells) + "</tr>"


def link(title: str, text: str | None = None) -> str:
    return f'<a href="/wiki/{title.replace(" ", "_")}" title="{title}">{text or title}</a>'


def table(*rows: str) -> bytes:
    return f"<h2>Chad</h2><table class='wikitable'>{''.join(rows)}</table>".encode()


def names(html: bytes) -> list[str]:
    return [found.name for found in city_links(html)]


def test_column_is_found_by_its_header() -> None:
    head = row("Rank", "Province", "City", "Mayor", "Population", tag="th")
    html = table(
        head,
        row("1", link("Foo Province"), link("Ab"), link("A. Person"), "500,000"),
        row("2", link("Foo Province"), link("Cd"), link("B. Person"), "400,000"),
    )
    assert city_links(html) == [Link("Ab", "Ab", "Chad"), Link("Cd", "Cd", "Chad")]


def test_column_is_found_without_a_header() -> None:
    html = table(
        row("1", link("Foo Province"), link("Ab"), "500,000"),
        row("2", link("Foo Province"), link("Cd"), "400,000"),
    )
    assert names(html) == ["Ab", "Cd"]
    no_counts = table(row("1", link("Ab")), row("2", link("Cd")))
    assert names(no_counts) == []


def test_what_is_no_city() -> None:
    flag = '<a href="/wiki/Chad" title="Chad"><img src="f.svg"></a>'
    html = table(
        row("City", "Population", tag="th"),
        row(f"{flag} {link('Chad')} {link('Ab')}", "1"),
        row('<a href="/w/index.php?title=X&amp;action=edit&amp;redlink=1" class="new">X</a>', "2"),
        row('<a href="/wiki/File:Cd.jpg"><img></a><a href="/wiki/File:Y.svg">pic</a>', "3"),
        row('No link<sup class="reference"><a href="/wiki/Note">[1]</a></sup>', "4"),
        row('<a class="external text" href="https://example.org/wiki/Z">Z</a>', "5"),
        row(link("List of cities in Chad"), "6"),
        row(link("Category:Cities", "Cat"), "7"),
        row('<a href="#cite">here</a>' + link("Ef", "Ef <i>(old)</i>"), "8"),
    )
    assert [(c.name, c.title) for c in city_links(html)] == [("Ab", "Ab"), ("Ef (old)", "Ef")]


def test_links_of_all_forms() -> None:
    hrefs = [
        "/wiki/S%C3%A3o_Paulo",
        "//en.wikipedia.org/wiki/Acre,_Israel",
        "https://en.wikipedia.org/wiki/Foo#Section",
        "./Parsoid_City",
        "Saved_City.html",
    ]
    rows = [row(f'<a href="{h}">x</a>', "1") for h in hrefs]
    assert [c.title for c in city_links(table(row("Town", "P", tag="th"), *rows))] == [
        "São Paulo",
        "Acre, Israel",
        "Foo",
        "Parsoid City",
        "Saved City",
    ]


def test_spans_and_nested_boxes() -> None:
    html = table(
        row("City", "Year", "Population", tag="th"),
        f"<tr><td rowspan='2'>{link('Ab')}</td><td>2010</td><td>1</td></tr>",
        row("2020", "2"),
        row(link("Cd"), "2020", "3"),
    )
    assert names(html) == ["Ab", "Ab", "Cd"]
    navbox = f"<table class='navbox'>{row(link('Xy'), '1')}</table>".encode()
    assert names(html + navbox) == ["Ab", "Ab", "Cd"]


def test_country_by_heading_or_column() -> None:
    rows = row("City", "Population", tag="th"), row(link("Ab"), "1")
    body = "".join(rows)
    html = (
        f"<h2>C</h2><h3>🇹🇩 Chad (12)<span class='mw-editsection'>[edit]</span></h3><h4>South</h4><table>{body}</table>"
        f"<h2><span class='mw-headline'>Transnistria</span></h2><table>{body}</table>"
        f"<h2>List of cities</h2><table>{body}</table><h2>See also</h2><table>{body}</table>"
    )
    assert [c.country for c in city_links(html.encode())] == ["Chad", "Transnistria", None]
    column = (
        row("City", "Country", tag="th") + row(link("Ab"), link("Peru")) + row(link("Cd"), "Fiji")
    )
    assert [c.country for c in city_links(f"<table>{column}</table>".encode())] == ["Peru", "Fiji"]


def test_city_states_are_cities_under_their_own_heading() -> None:
    rows = row("City", "Population", tag="th") + row(link("Singapore"), "5,000,000")
    own, other = (f"<h2>{c}</h2><table>{rows}</table>".encode() for c in ("Singapore", "Malaysia"))
    assert [c.name for c in city_links(own)] == ["Singapore"]
    assert city_links(other) == []


def test_sub_pages_by_country_are_preferred() -> None:
    subs = ["cityname: A", "country: A-B", "country: C-D", "country: A-B"]
    html = "".join(link(f"{LIST_TITLE}/{s}") for s in subs)
    assert sub_pages(html.encode(), LIST_TITLE) == [
        f"{LIST_TITLE}/country: {s}" for s in ("A-B", "C-D")
    ]
    assert sub_pages(link("Other/country: A").encode(), LIST_TITLE) == []


def test_country_codes() -> None:
    for name, code in {
        "Côte d'Ivoire": "CI",
        "Ivory Coast": "CI",
        "The Gambia": "GM",
        "Democratic Republic of the Congo": "CD",
        "Republic of the Congo": "CG",
        "Burma": "MM",
        "Czech Republic": "CZ",
        "Türkiye": "TR",
        "Macau": "MO",
        "United States": "US",
        "South Korea": "KR",
        "Bahamas, The": "BS",
        "Palestine": "PS",
        "Kabul": None,
        "": None,
    }.items():
        assert country_code(name) == code, name  # fmt: skip


def test_cities_of_the_whole_list() -> None:
    world = World(200)
    with StandIn(world) as site, Client(settings(site)) as client:
        found = cities(client, Progress())
    rows = found.table.to_pylist()
    assert [r["city_id"] for r in rows] == list(range(200))
    assert tuple(r["name"] for r in rows[:5]) == FIRST
    assert [r["country"] for r in rows] == [world.country(i) for i in range(200)]
    # Links through redirects lead to the article itself.
    assert {r["url"].removeprefix(site.url + "/wiki/") for r in rows if "City" in r["url"]} == set()
    assert all(len(titles) <= 50 for titles in site.api_titles)
    assert found.by_country["Afghanistan"] >= 5
    kabul = rows[0]
    assert (kabul["country_code"], kabul["continent"], kabul["is_capital"]) == ("AF", "Asia", True)
    assert kabul["population"] > 3_000_000
    assert (round(kabul["latitude"]), round(kabul["longitude"])) == (35, 69)
    herat = rows[1]
    assert (herat["is_capital"], "Herat" in herat["alternate_names"]) == (False, True)
    assert rows[5]["population"] is None
    assert rows[5]["country_code"] == "AF"
    assert found.matched_share == 5 / 200


def test_each_city_once() -> None:
    world = World(40)
    with StandIn(world) as site, Client(settings(site)) as client:
        world.redirects |= {world.names[6]: world.names[5]}
        rows = cities(client, Progress()).table.to_pylist()
    assert len(rows) == len({r["url"] for r in rows}) == 39


def test_limit_asks_for_no_more_than_it_needs() -> None:
    with StandIn(World(200)) as site, Client(settings(site, limit=5)) as client:
        found = cities(client, Progress()).table
        lists = [r.path for r in site.requests if "/country:" in r.path]
    assert found["name"].to_pylist() == list(FIRST)
    assert len(lists) == 1


def test_a_mirror_without_api(tmp_path: Path) -> None:
    with StandIn(World(60)) as site, Client(settings(site)) as client:
        site.always["/w/api.php"] = "404"
        found = cities(client, Progress()).table
    assert found.num_rows == 60
    assert found["url"].to_pylist()[7].endswith("City")  # a redirect, left as the list has it


@pytest.mark.parametrize("where", [LIST_TITLE, f"{LIST_TITLE}/country: {RANGES[2]}"])
def test_a_list_page_without_cities_is_named(where: str) -> None:
    with StandIn(World(100)) as site, Client(settings(site)) as client:
        site.pages[where] = "<html><body><p>Under construction.</p></body></html>"
        with pytest.raises(KnError, match=r"no city in any table of .*--list-title") as e:
            cities(client, Progress())
        assert client.page_url(where) in str(e.value)
        assert "\n" not in str(e.value)


@pytest.mark.skipif(not (REALDATA / "lists").is_dir(), reason="saved list pages aren't here")
@pytest.mark.parametrize(
    ("name", "count", "first"),
    [
        ("List_of_cities_and_towns_in_Romania", 319, ["Bucharest", "Cluj-Napoca", "Timișoara"]),
        ("List_of_cities_in_China_by_population", 206, ["Guangzhou", "Shanghai", "Beijing"]),
        ("List_of_cities_in_Luxembourg", 12, ["Diekirch", "Differdange", "Dudelange"]),
        ("List_of_most_populous_cities_in_India", 200, ["Mumbai", "Delhi", "Bangalore"]),
        ("List_of_towns_in_the_Faroe_Islands", 123, ["Akrar", "Argir", "Ánir"]),
        ("List_of_Israeli_cities", 125, ["Acre", "Afula", "Arad"]),
    ],
)
def test_saved_list_pages(name: str, count: int, first: list[str]) -> None:
    found = city_links((REALDATA / "lists" / f"{name}.render-2014.html").read_bytes())
    assert len(found) == count
    assert [c.name for c in found[:3]] == first
