"""Names and words of the made-up atlases: what an interface gets wrong first."""

from __future__ import annotations

COUNTRIES = [
    ("Japan", "JP", "Asia"),
    ("Brazil", "BR", "South America"),
    ("Afghanistan", "AF", "Asia"),
    ("Côte d'Ivoire", "CI", "Africa"),
    ("Poland", "PL", "Europe"),
]
"""(name, ISO 3166-1 alpha-2, continent)."""

CITIES = [
    ("Tokyo", ("東京", "Edo")),
    ("São Paulo", ("San Pablo",)),
    ("Kabul", ("کابل",)),
    ("<script>alert('Abidjan')</script>", ("Abidjan",)),
    ("Łódź", ("Lodz", "Litzmannstadt")),
    ("`Ōsaka`", ("大阪市",)),
    ("${Brasília}", ("Brasilia",)),
    ("هرات", ("Herat", "Alexandria Ariana")),
    ('Quote"s & <b>bold</b>', ()),
    ("Z̷ielo̊na Go\u0301ra", ("Grünberg",)),
    ("Paulista", ("O'Higgins; -- DROP",)),
    ("Manaus\\n{{constructor}}", ()),
]
"""(name, alternate names)."""

_WORDS = [
    *(" Tokyo", " is", " a", " city", " in", " the", " north", " of", " Japan", " with"),
    *("São", " Paulo", "<script>", "`", "${x}", "</b>", "&amp;", '"', "'", "\\"),
    *("\n", "\t", " عربي", "\u202e", "e\u0301", "🏙", " 東京", "\ufffd", "", " 1"),
]


def vocabulary(n: int) -> list[str]:
    """The texts of `n` tokens by id: awkward ones first, then made-up words."""
    return [_WORDS[i] if i < len(_WORDS) else f" word{i}" for i in range(n)]
