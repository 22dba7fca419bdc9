"""Cities, their regions and countries, against the package."""

from __future__ import annotations

import pyarrow as pa

from kn_assets.corpora import geonames
from kn_assets.corpora.geonames import facts, names
from kn_assets.corpora.geonames.regions import REGIONS
from kn_assets.lake.schema import TABLES
from tests.corpora.geonames.package import (
    CACHE,
    CAPITALS,
    COUNTRIES,
    NEIGHBOURS,
    PACKAGE,
    country_words,
    plain,
    undotted,
)


def test_tables(cities: pa.Table) -> None:
    assert cities.schema == TABLES["cities"].schema
    assert cities.num_rows == len(PACKAGE) == 6204
    assert set(cities["city_id"].to_pylist()) == set(PACKAGE)
    for row in cities.to_pylist():
        there = PACKAGE[row["city_id"]]
        assert row["country_code"] == there["countrycode"]
        assert plain(row["country"]) == country_words(there["countrycode"])
        assert row["population"] == there["population"]
        assert (row["latitude"], row["longitude"]) == (there["latitude"], there["longitude"])
        assert row["alternate_names"] == there["alternatenames"]
        assert row["url"] == f"https://www.geonames.org/{row['city_id']}"
        assert "CC BY 4.0" in row["source"]
        assert (
            row["name"] == there["name"]
            or there["name"] in facts._CITY_NAMES
            or (row["name"] == "Washington, D.C.")
        )


def test_every_beginning_is_spread_over_the_world(cities: pa.Table) -> None:
    rows = cities.to_pylist()
    n = len({c["countrycode"] for c in PACKAGE.values()})
    first, others = rows[:n], rows[n:]
    assert len({row["country_code"] for row in first}) == n
    for part in (first, others):
        populations = [row["population"] for row in part]
        assert populations == sorted(populations, reverse=True)
    largest = {row["country_code"]: row["population"] for row in first}
    assert all(row["population"] <= largest[row["country_code"]] for row in others)


def test_capitals(cities: pa.Table) -> None:
    found = {r["country_code"]: r["name"] for r in cities.to_pylist() if r["is_capital"]}
    assert sum(cities["is_capital"].to_pylist()) == len(found)
    for code, name in found.items():
        assert undotted(name) == CAPITALS.get(code, COUNTRIES[code]["capital"].strip())
    big = {(c["countrycode"], c["name"]) for c in PACKAGE.values()}
    missing = {code for code, c in COUNTRIES.items() if (code, c["capital"].strip()) in big}
    assert missing | set(CAPITALS) == set(found)


def test_currency_names_agree_with_the_package() -> None:
    lands = [land for land in COUNTRIES.values() if land["currencycode"]]
    assert len(lands) > 200
    for land in lands:
        code, word = land["currencycode"], plain(land["currencyname"])
        word = {"riels": "riel", "marka": "mark"}.get(word, word)
        assert word in plain(names.CURRENCIES[code]), code


def test_regions() -> None:
    states = {s["code"]: s["name"] for s in CACHE.get_us_states().values()}
    codes = {(c["countrycode"], c["admin1code"]) for c in CACHE.get_cities().values()}
    assert set(REGIONS) <= codes
    american = [city for city in facts.cities() if city.country.code == "US"]
    assert len(american) > 100
    for city in american:
        state = states[PACKAGE[city.city_id]["admin1code"]]
        assert city.region.removeprefix("the ") == state
    known = {
        "São Paulo": "São Paulo",
        "Campinas": "São Paulo",
        "Salvador": "Bahia",
        "Lyon": "Auvergne-Rhône-Alpes",
        "Toulouse": "Occitanie",
        "Munich": "Bavaria",
        "Köln": "North Rhine-Westphalia",
        "Bengaluru": "Karnataka",
        "Jaipur": "Rajasthan",
        "Lucknow": "Uttar Pradesh",
        "Chengdu": "Sichuan",
        "Wuhan": "Hubei",
        "Harbin": "Heilongjiang",
        "Kazan": "Tatarstan",
        "Guadalajara": "Jalisco",
        "Monterrey": "Nuevo León",
        "Surabaya": "East Java",
        "Medan": "North Sumatra",
        "Kano": "Kano State",
        "Port Harcourt": "Rivers State",
        "Seville": "Andalusia",
        "Barcelona": "Catalonia",
        "Palermo": "Sicily",
        "Glasgow": "Scotland",
        "Cardiff": "Wales",
        "Melbourne": "Victoria",
        "Montréal": "Quebec",
        "Calgary": "Alberta",
        "Sapporo": "Hokkaido",
        "Yokohama": "Kanagawa",
        "Durban": "KwaZulu-Natal",
        "Karachi": "Sindh",
        "Lahore": "Punjab",
        "Rotterdam": "South Holland",
        "Kraków": "the Lesser Poland Voivodeship",
        "Medellín": "Antioquia",
        "Rosario": "Santa Fe",
        "Shiraz": "Fars Province",
        "Odesa": "Odesa Oblast",
        "Busan": "Busan",
        "Chicago": "Illinois",
    }
    largest: dict[str, str] = {}
    for city in facts.cities():
        largest.setdefault(city.name, city.region)
    both = known.keys() & largest.keys()
    assert len(both) > 35
    assert {name: largest[name] for name in both} == {name: known[name] for name in both}


def test_countries() -> None:
    table = geonames.countries()
    rows = {row["country_code"]: row for row in table.to_pylist()}
    assert list(rows) == sorted(COUNTRIES)
    assert rows["NL"]["country"] == "Netherlands"
    assert rows["FR"]["capital"] == "Paris"
    assert rows["KZ"]["capital"] == "Astana"
    assert rows["CH"]["languages"] == ["German", "French", "Italian", "Romansh"]
    assert rows["PR"]["is_territory"]
    assert rows["AQ"]["capital"] is None
    for code, row in rows.items():
        wanted = NEIGHBOURS.get(code, set(COUNTRIES[code]["neighbours"].split(",")) - {""})
        assert set(row["neighbours"]) == wanted
