"""Numbers, lists, places and directions as a sentence tells them."""

from __future__ import annotations

import math
from collections.abc import Sequence

_EARTH_KM = 6371.0088  # mean radius (IUGG)
_COMPASS = (
    "north",
    "north-east",
    "east",
    "south-east",
    "south",
    "south-west",
    "west",
    "north-west",
)
OPPOSITE = {d: _COMPASS[(i + 4) % 8] for i, d in enumerate(_COMPASS)}
"""The direction back."""


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def a(noun: str) -> str:
    """The noun with its indefinite article, by its first letter."""
    return f"{'an' if noun[0].lower() in 'aeio' or noun.startswith('urban') else 'a'} {noun}"


def capitalized(sentence: str) -> str:
    """The sentence with its first letter large, the others as they are."""
    return sentence[:1].upper() + sentence[1:]


def about(n: int) -> str:
    """A count rounded to two or three digits: `about 124,000`, `about 2.6 million`."""
    if n >= 10_000_000:
        return f"about {n / 1e6:.0f} million"
    if n >= 950_000:
        return f"about {f'{n / 1e6:.1f}'.removesuffix('.0')} million"
    return f"about {round(n, -3):,}"


def latitude(degrees: float) -> str:
    """`34 degrees north`, or `the equator` within half a degree of it."""
    return _angle(degrees, "north", "south", "the equator")


def longitude(degrees: float) -> str:
    """`69 degrees east`, or `the prime meridian` within half a degree of it."""
    return _angle(degrees, "east", "west", "the prime meridian")


def _angle(degrees: float, positive: str, negative: str, zero: str) -> str:
    whole = math.floor(abs(degrees) + 0.5)
    if not whole:
        return zero
    return f"{whole} degree{'s' if whole > 1 else ''} {positive if degrees > 0 else negative}"


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance between two (latitude, longitude) pairs in degrees: the haversine."""
    (la, lo), (lb, ob) = ((math.radians(x), math.radians(y)) for x, y in (a, b))
    h = math.sin((lb - la) / 2) ** 2 + math.cos(la) * math.cos(lb) * math.sin((ob - lo) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(h))


def direction(start: tuple[float, float], end: tuple[float, float]) -> str:
    """The compass direction, one of eight, in which one sets out from `start` to `end`."""
    (la, lo), (lb, ob) = ((math.radians(x), math.radians(y)) for x, y in (start, end))
    east = math.sin(ob - lo) * math.cos(lb)
    north = math.cos(la) * math.sin(lb) - math.sin(la) * math.cos(lb) * math.cos(ob - lo)
    return _COMPASS[round(math.atan2(east, north) / (math.pi / 4)) % 8]


def kilometres(distance: float) -> str:
    """`about 7 kilometres`; over 20 rounded to tens."""
    whole = round(distance) if distance < 20 else round(distance, -1)
    return f"about {int(whole):,} kilometre{'s' if whole > 1 else ''}"
