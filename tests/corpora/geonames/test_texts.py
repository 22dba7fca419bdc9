"""The shapes of descriptions, and that they are of their city alone."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import pyarrow as pa

from kn_assets.corpora import geonames
from kn_assets.corpora.geonames import facts, sentences
from kn_assets.lake.schema import TABLES
from tests.corpora.geonames.package import Described


def test_prompts(cities: pa.Table) -> None:
    prompts = geonames.prompts(cities)
    assert prompts.schema == TABLES["prompts"].schema
    assert prompts["prompt_id"].to_pylist() == list(range(6204))
    assert prompts["city_id"] == cities["city_id"]
    for text in prompts["text"].to_pylist():
        assert 150 <= len(text) <= 1000
        assert text == unicodedata.normalize("NFC", text)
        assert not re.search(r"[{}]|  |\.\.|,,| ,|\bNone\b|\bthe the\b|city of City", text)
        assert text.endswith(".")


def test_a_text_depends_on_its_city_and_the_seed_alone(cities: pa.Table) -> None:
    all_of_them = geonames.prompts(cities)["text"].to_pylist()
    some = cities.take([5000, 17, 3])
    assert geonames.prompts(some)["text"].to_pylist() == [all_of_them[i] for i in (5000, 17, 3)]
    other = geonames.prompts(cities.slice(0, 200), seed=1)["text"].to_pylist()
    assert sum(a != b for a, b in zip(all_of_them, other, strict=False)) > 190


def test_shapes(described: Described) -> None:
    """At least a dozen openings, none of them dominant, and many orders of sentences."""
    shapes = Counter()
    orders = Counter()
    for _, city, text in described:
        first = text.split(" ")[0] + " " + re.split(r"\. (?=[A-Z0-9])", text)[0]
        for name in sorted((city["name"], city["country"]), key=len, reverse=True):
            first = first.replace(name, "_")
        shapes[re.sub(r"[^\W_]+", lambda m: m[0] if m[0].islower() else "#", first)[:24]] += 1
        kinds = (
            "inhabitants|people",
            "degrees",
            "borders|neighbours",
            "currency",
            "speak|language",
        )
        found = [(m.start(), k) for k in kinds if (m := re.search(k, text))]
        orders[tuple(k for _, k in sorted(found))] += 1
    assert sum(n > 50 for n in shapes.values()) >= 12
    assert len(orders) > 100
    assert max(orders.values()) < 0.05 * len(described)


def test_city_and_country_come_early(described: Described) -> None:
    early = sum(
        max(text.find(city["name"]), text.find(city["country"])) < 100
        for _, city, text in described
        if city["name"] in text and city["country"] in text
    )
    assert early > 0.98 * len(described)


def test_grammar() -> None:
    known = {city.name: city for city in facts.cities()}
    hague = [sentences.describe(known["The Hague"], seed) for seed in range(40)]
    assert all("the Netherlands" in t or "The Netherlands" in t for t in hague)
    assert not any(re.search(r"(?<![Tt]he )Netherlands\b", t) for t in hague)
    singapore = [sentences.describe(known["Singapore"], seed) for seed in range(40)]
    assert not any("capital of Singapore" in t for t in singapore)
    washington = [sentences.describe(known["Washington, D.C."], seed) for seed in range(40)]
    assert not any("D.C.." in t for t in washington)
    mexico = [sentences.describe(known["Quezon City"], seed) for seed in range(40)]
    assert not any(re.search(r"(city|urban area) of Quezon City", t) for t in mexico)
    puerto_rico = [sentences.describe(known["San Juan"], seed) for seed in range(3)]
    assert puerto_rico
