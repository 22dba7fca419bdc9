"""Facts about a city told in plain English, in many shapes.

A model that reads every fact in one wording ties the fact to the wording. So each description draws
its opening, the facts that follow, their order and their wording by a hash of the seed and the
city's id: the same city gets the same text whatever else is described, and in whatever order.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache

from kn_assets.corpora.geonames import templates, words
from kn_assets.corpora.geonames.facts import City, Country, Landmark, countries

MAX_CHARACTERS = 1000
_MIN_FACTS, _MAX_FACTS = 4, 6
_MAX_NEIGHBOURS = 5

# They lie in two continents, so the continent of the list says little of their cities.
TWO_CONTINENTS = frozenset({"AM", "AZ", "CY", "EG", "GE", "KZ", "RU", "TL", "TR"})
# The list has no neighbours for these, though a land border is there or may be said to be.
_UNLISTED_BORDER = frozenset({"CY", "HK", "MO"})


class _Draw:
    """Choices that depend on a seed and a city alone, the same on every Python and platform."""

    def __init__(self, seed: int, city_id: int) -> None:
        self._key = f"{seed}:{city_id}:".encode()
        self._n = 0

    def below(self, n: int) -> int:
        self._n += 1
        digest = hashlib.blake2b(self._key + str(self._n).encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % n

    def choose(self, items: Sequence[str]) -> str:
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[str]) -> list[str]:
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in items]


def describe(city: City, seed: int = 0) -> str:
    """A description of a city: an opening that names city and country, then 4 to 6 more facts.

    At most 1,000 characters; sentences that would pass that are left out.
    """
    draw = _Draw(seed, city.city_id)
    fields = _fields(city, draw)
    fields |= _subject(city, True, draw)
    opening = draw.choose(_usable(_openings(city), fields))
    told = {templates.TELLS[f] for f in _used(opening) if f in templates.TELLS}
    if city.is_capital:
        told.add("capital")
    sentences = [_tell(opening, fields)]
    on_city = not re.match(r"{country}|The {country_noun}|.*{(capital|larger)}", opening)
    facts = [f for f in _facts(draw) if f not in told and _usable(templates.BODY[f], fields)]
    for fact in facts[: _MIN_FACTS + draw.below(_MAX_FACTS - _MIN_FACTS + 1)]:
        fields |= _subject(city, on_city, draw)
        sentence = _tell(draw.choose(_usable(templates.BODY[fact], fields)), fields)
        on_city = fact in ("population", "position")
        if len(" ".join([*sentences, sentence])) <= MAX_CHARACTERS:
            sentences.append(sentence)
    return " ".join(sentences)


def _subject(city: City, on_city: bool, draw: _Draw) -> dict[str, str]:
    """How a sentence names the city: by a pronoun only where the last one was about the city."""
    if on_city and draw.below(3):
        return {"it": "it", "its": "its", "there": "there"}
    name = draw.choose((city.name, f"the {city.noun}"))
    return {"it": name, "its": f"{name}'s", "there": f"in {name}"}


def _openings(city: City) -> Sequence[str]:
    if city.name == city.country.name:
        return templates.NAMESAKE
    return templates.CAPITAL if city.is_capital else templates.OTHER


def _facts(draw: _Draw) -> list[str]:
    """All facts in the order to tell them: the rarer ones come late, so that few texts have one."""
    often = draw.shuffled(templates.OFTEN)
    for fact in draw.shuffled(templates.SELDOM)[:1]:
        often.insert(2 + draw.below(5), fact)
    return often


@cache
def _used(template: str) -> list[str]:
    return re.findall(r"{(\w+)}", template)


def _usable(templates: Sequence[str], fields: dict[str, str]) -> list[str]:
    return [t for t in templates if all(fields.get(f) for f in _used(t))]


def _tell(template: str, fields: dict[str, str]) -> str:
    return words.capitalized(template.format_map(fields).replace("D.C..", "D.C."))


def _fields(city: City, draw: _Draw) -> dict[str, str]:
    land = city.country
    region = "" if city.region.removeprefix("the ") in (city.name, land.name) else city.region
    exact = draw.below(2) == 0
    return {
        "city": city.name,
        "country": land.told,
        "region": region,
        "place": f"{region}, {land.told}" if region else land.told,
        "place_amid": f"{region}, {land.told}," if region else land.told,
        "noun": city.noun,
        "plain_noun": "" if "City" in city.name else city.noun,
        "a_noun": words.a(city.noun),
        "country_noun": land.noun,
        "a_country_noun": words.a(land.noun),
        "population": f"{city.population:,}" if exact else words.about(city.population),
        "latitude": words.latitude(city.latitude),
        "longitude": words.longitude(city.longitude),
        "hemisphere": _hemisphere(city.latitude),
        **_marks(city.larger, city.seat),
        "capital": "" if land.capital in (city.name, land.name) else land.capital,
        **_borders(land, draw),
        "currency": f"the {land.currency}" if land.currency else "",
        **_languages(land),
        "continent": "" if land.code in TWO_CONTINENTS else land.continent,
        "area": f"{land.area_km2:,}" if land.area_km2 > 100 else "",
        "domain": land.domain,
        "calling_code": land.calling_code,
    }


def _hemisphere(latitude: float) -> str:
    if words.latitude(latitude) == "the equator":
        return ""
    return "northern" if latitude > 0 else "southern"


def _marks(larger: Landmark | None, seat: Landmark | None) -> dict[str, str]:
    fields = {}
    if larger:
        fields = {
            "larger": larger.name,
            "distance": words.kilometres(larger.distance_km),
            "towards": larger.direction,
            "away": words.OPPOSITE[larger.direction],
        }
    if seat and seat.distance_km >= 20 and not (larger and larger.name == seat.name):
        fields["capital_distance"] = words.kilometres(seat.distance_km)
        fields["capital_towards"] = seat.direction
    return fields


def _borders(land: Country, draw: _Draw) -> dict[str, str]:
    if not land.neighbours:
        return {"island": "" if land.code in _UNLISTED_BORDER else land.told}
    told = [countries()[code].told for code in land.neighbours]
    few = len(told) <= _MAX_NEIGHBOURS
    whole = words.listed(told if few else draw.shuffled(told)[:_MAX_NEIGHBOURS])
    return {
        "all_neighbours": whole if few else "",
        "some_neighbours": "" if few else whole,
        "many_neighbours": whole if len(told) > 1 else "",
        "one_neighbour": whole if len(told) == 1 else "",
    }


def _languages(land: Country) -> dict[str, str]:
    spoken = land.language_names[:3]
    return {
        "languages": words.listed(spoken),
        "many_languages": words.listed(spoken) if len(spoken) > 1 else "",
        "one_language": spoken[0] if len(land.languages) == len(spoken) == 1 else "",
    }
