"""Every fact that a description states is parsed out again and held against the package."""

from __future__ import annotations

import math
import re
from collections import Counter

from kn_assets.corpora.geonames import names
from tests.corpora.geonames.package import (
    CAPITALS,
    COUNTRIES,
    CURRENCY,
    LANGUAGES,
    NEIGHBOURS,
    Described,
    country_words,
    plain,
)


def test_populations_and_areas(described: Described) -> None:
    checked = Counter()
    for there, city, text in described:
        land = COUNTRIES[there["countrycode"]]
        name = re.escape(city["name"])
        for n in re.findall(r"(?<![\w,])\d{1,3}(?:,\d{3})+(?! kilometres)(?![\d,])", text):
            value = int(n.replace(",", ""))
            if re.search(rf"{n} square kilometres", text):
                assert value == land["areakm2"]
                checked["area"] += 1
            elif re.search(rf"[Aa]bout {n}", text):
                assert abs(value - there["population"]) <= 500
                checked["about"] += 1
            else:
                assert value == there["population"], text
                checked["exact"] += 1
        for n in re.findall(r"about ([\d.]+) million", text, re.I):
            step = 0.5 if float(n) >= 10 else 0.05
            assert abs(float(n) - there["population"] / 1e6) <= step + 1e-9
            checked["millions"] += 1
        # A pronoun before a population always stands for the city.
        for m in re.finditer(r"[.] (It|Its) (has|population)", text):
            before = text[: m.start()].split(". ")[-1]
            assert re.search(rf"{name}|[Cc]ity|urban area|\bit\b|\bIts?\b|there$", before), text
    assert all(n > 200 for n in checked.values()), checked
    assert len(checked) == 4


def test_positions(described: Described) -> None:
    def whole(x: float) -> int:
        return math.floor(abs(x) + 0.5)

    for there, _, text in described:
        lat, lon = there["latitude"], there["longitude"]
        for n, side in re.findall(r"(\d+) degrees? (north|south|east|west)", text):
            value = lat if side in ("north", "south") else lon
            assert int(n) == whole(value)
            assert (value > 0) == (side in ("north", "east"))
        for side in re.findall(r"(northern|southern) hemisphere", text):
            assert (lat > 0) == (side == "northern")
        assert ("the equator" not in text) or abs(lat) < 0.5
        assert ("prime meridian" not in text) or abs(lon) < 0.5
    assert sum("degree" in text for *_, text in described) > 3000


def test_countries_named_are_its_own_or_neighbours(described: Described) -> None:
    by_name = {country_words(code): code for code in COUNTRIES if code not in ("AN", "CS")}
    anyone = re.compile(r"\b(" + "|".join(sorted(map(re.escape, by_name), key=len)[::-1]) + r")\b")
    stated: Counter[str] = Counter()
    for there, city, text in described:
        own = there["countrycode"]
        near = NEIGHBOURS.get(own, set(COUNTRIES[own]["neighbours"].split(",")) - {""})
        for sentence in re.split(r"(?<=\.) (?=[A-Z0-9‘])", text):
            m = re.search(
                r"(?:borders|neighbours? of .* (?:include|are|by land is)|borders with|"
                r"borders of .* lie) (.*?)(?:, among others)?\.$",
                sentence,
            )
            if not m:
                continue
            told = {by_name[n] for n in anyone.findall(plain(m[1]))} - {own}
            assert told, sentence
            assert told <= near, sentence
            every = re.search(r"shares land|By land|only neighbour", sentence) is not None
            assert told == near or len(near) > 5 or not every, sentence
            stated["some"] += 1
            stated["every"] += every
        alone = "no land border" in text
        assert not (alone and near)
        stated["none"] += alone
        assert country_words(own) in plain(text)
        assert city["name"].lower() in text.lower()
    assert stated["some"] > 3000
    assert stated["every"] > 500
    assert stated["none"] > 100


def test_capitals_told(described: Described) -> None:
    """Each sentence with the word says the capital's name; who is one is told so, and none else."""
    checked = 0
    for there, city, text in described:
        code = there["countrycode"]
        capital = CAPITALS.get(code, COUNTRIES[code]["capital"].strip())
        called = False
        for sentence in re.split(r"(?<=\.) (?=[A-Z0-9‘])", text):
            if "capital" not in sentence:
                continue
            checked += 1
            assert capital in sentence, text
            names_it = re.search(
                r"(?:capital of [^,]+? is|[Ll]ike|its capital in|whose capital is) ([^,.]+)|"
                r"^(.+?) lies in .+ and is its capital|"
                r"^(?:The city of |.* (?:people live|lies) (?:in )?)?([^,]+?)"
                r"(?:,| is| serves as) the capital\b|"
                r"^As the capital of [^,]+, (.+?) is home|^In [^,]+, (.+?) is the capital",
                sentence,
            )
            assert names_it, sentence
            told = next(g for g in names_it.groups() if g)
            assert told.startswith(capital), sentence
            called |= told.startswith(city["name"])
        namesake = city["name"] == city["country"]
        if city["is_capital"]:
            assert called or namesake, text
        else:
            assert not called or capital.startswith(city["name"]), text
    assert checked > 2500


def test_currencies_and_languages(described: Described) -> None:
    stated = Counter()
    by_currency = {name: code for code, name in names.CURRENCIES.items()}
    found = re.compile(r"[Tt]he (" + "|".join(sorted(by_currency, key=len)[::-1]) + r")\b")
    for there, _, text in described:
        land = COUNTRIES[there["countrycode"]]
        for told in found.findall(text):
            assert by_currency[told] == CURRENCY.get(land["iso"], land["currencycode"]), text
            stated["currency"] += 1
        spoken = {tag.split("-")[0] for tag in land["languages"].split(",")}
        speaking = re.compile(r"[Ll]anguages?\b|speak|hears|heard")
        for sentence in filter(speaking.search, text.split(". ")):
            words = LANGUAGES.keys() & set(re.findall(r"\b[A-Z]\w+", sentence))
            assert {LANGUAGES[word] for word in words} <= spoken, text
            stated["language"] += len(words)
        for domain in re.findall(r"domain (?:of .*? )?is (\.\w\w)", text):
            assert domain == land["tld"]
        for code in re.findall(r"\+(\d+)", text):
            assert code == land["phone"]
    assert stated["currency"] > 3000
    assert stated["language"] > 3000
