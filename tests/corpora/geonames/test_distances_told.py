"""Distances and directions that descriptions state, computed in another way."""

from __future__ import annotations

import math
import re
from typing import Any

from kn_assets.corpora.geonames import facts, words
from tests.corpora.geonames.package import CACHE, Described, undotted


def test_distances(described: Described) -> None:
    """Great-circle distance by the chord and direction on a local plane, unlike in the library."""
    places: dict[tuple[str, str], list[dict]] = {}
    for c in CACHE.get_cities().values():
        name = facts._CITY_NAMES.get(c["name"], c["name"])
        if c["name"] == "Washington" and c["admin1code"] == "DC":
            name = "Washington DC"
        places.setdefault((c["countrycode"], undotted(name)), []).append(c)
    compass = list(words.OPPOSITE)[2::-1] + list(words.OPPOSITE)[:2:-1]
    assert compass[0] == "east"
    assert compass[3] == "north-west"

    def point(c: Any) -> Any:
        a, b = math.radians(c["latitude"]), math.radians(c["longitude"])
        return (math.cos(a) * math.cos(b), math.cos(a) * math.sin(b), math.sin(a))

    def agrees(here: Any, there: Any, km: float, side: str) -> bool:
        distance = 2 * 6371.0088 * math.asin(math.dist(point(here), point(there)) / 2)
        if abs(distance - km) > (0.51 if km < 20 else 5.01):
            return False
        if distance > 600:  # too far for a plane
            return True
        scale = math.cos(math.radians((here["latitude"] + there["latitude"]) / 2))
        east = ((here["longitude"] - there["longitude"] + 180) % 360 - 180) * scale
        angle = math.degrees(math.atan2(here["latitude"] - there["latitude"], east))
        off = (angle - 45 * compass.index(side) + 180) % 360 - 180
        return abs(off) < 22.5 + 4

    number = r"[Aa]bout ([\d,]+) kilometres?"
    sides = "(north-east|north-west|south-east|south-west|north|south|east|west)"
    away = re.compile(
        rf"{number} {sides} of (.+?)(?:\. (?=[A-Z0-9‘])|\.$|, in .*?, lies|, in .* lies)"
    )
    back = re.compile(
        rf"(?:^|\. )([^.]+?)"
        rf"(?:, which has more inhabitants,|, the capital,| is larger than .+? and) lies "
        rf"{number} to (?:the|its) {sides}"
    )
    from_to = re.compile(rf"From (.+?) to .+? it is {number} towards the {sides}")
    seat = re.compile(rf"its capital in (.+?), {number} to the {sides}")
    checked = 0
    for here, city, text in described:
        code = here["countrycode"]
        opposite = {compass[i]: compass[(i + 4) % 8] for i in range(8)}
        stated = [(name, n, side) for n, side, name in away.findall(text)]
        stated += from_to.findall(text)
        stated += [(name, n, opposite[side]) for name, n, side in back.findall(text)]
        stated += [(name, n, opposite[side]) for name, n, side in seat.findall(text)]
        for name, n, side in stated:
            others = places.get((code, name), [])
            km = int(n.replace(",", ""))
            assert any(agrees(here, other, km, side) for other in others), (city["name"], text)
            checked += 1
        assert len(stated) == len(
            re.findall(r"kilometre", text.replace("square kilometres", ""))
        ), text
    assert checked > 4000
