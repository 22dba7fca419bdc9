"""Facts from a corpus' cities, against what an atlas of the world says."""

import pyarrow as pa
import pytest

from kn_assets.corpora import geonames
from kn_assets.corpora.geonames.facts import Country, countries
from kn_assets.knowledge import facts
from kn_assets.knowledge.facts import Fact
from kn_assets.lake.schema import KNOWLEDGE, TABLES


@pytest.fixture(scope="module")
def world() -> list[Fact]:
    return facts.from_cities(geonames.cities())


def one(world: list[Fact], relation: str, subject: str) -> Fact:
    (found,) = [f for f in world if (f.relation, f.subject) == (relation, subject)]
    return found


def city(**told: object) -> dict[str, object]:
    empty = dict.fromkeys(TABLES["cities"].names)
    return {**empty, "city_id": 1, "population": 100_000, "alternate_names": [], **told}


def cities(*rows: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=TABLES["cities"].schema)


@pytest.mark.parametrize(
    ("relation", "subject", "answer", "prompt"),
    [
        ("city-country", "Nairobi", "Kenya", "Nairobi is a city in"),
        ("city-country", "Rotterdam", "Netherlands", "Rotterdam is a city in the"),
        ("city-continent", "Lima", "South America", "Lima lies on the continent of"),
        ("country-capital", "Philippines", "Manila", "The Philippines has its capital in"),
        ("country-continent", "Kenya", "Africa", "Kenya is a country in"),
        ("country-currency", "Japan", "yen", "The currency of Japan is the Japanese"),
        ("country-currency", "France", "euro", "People in France pay with the"),
        ("country-language", "Brazil", None, ""),  # GeoNames lists several
        ("country-language", "Mexico", "Spanish", "People in Mexico speak"),
        ("country-capital", "Mexico", None, ""),  # Mexico City tells itself
        ("city-country", "Singapore", None, ""),
        ("country-continent", "South Africa", None, ""),
        ("country-continent", "Turkey", None, ""),  # in two
        ("city-continent", "Istanbul", None, ""),
        ("country-capital", "Puerto Rico", None, ""),  # no country
    ],
)
def test_the_world(
    world: list[Fact], relation: str, subject: str, answer: str | None, prompt: str
) -> None:
    if answer is None:
        assert not [f for f in world if (f.relation, f.subject) == (relation, subject)]
    else:
        fact = one(world, relation, subject)
        assert fact.object == answer
        assert prompt in fact.prompts


def test_every_fact_is_a_fact(world: list[Fact]) -> None:
    """Against the geonames facts themselves, every city and country of them."""
    seen = set()
    of_city = {row["city_id"]: row for row in geonames.cities().to_pylist()}
    by_name = {land.name: land for land in countries().values()}
    for fact in world:
        assert (fact.relation, fact.subject) not in seen, "a subject has one answer"
        seen.add((fact.relation, fact.subject))
        assert len(fact.prompts) == len(facts.TEMPLATES[fact.relation])
        for text in fact.prompts:
            assert fact.subject in text and text == text.strip()
            assert text[0] == text[0].upper() and "{" not in text and "the the" not in text
        if fact.relation.startswith("city"):
            row = of_city[fact.city_id]
            wanted = row["country" if fact.relation == "city-country" else "continent"]
            assert (fact.subject, fact.object) == (row["name"], wanted)
        else:
            assert fact.object == answer_of(by_name[fact.subject], fact)
    assert {f.relation for f in world} == set(facts.TEMPLATES)
    capitals = [f for f in world if f.relation == "country-capital" and f.city_id]
    assert len(capitals) > 100
    for fact in capitals:
        capital = of_city[fact.city_id]
        assert (capital["name"], capital["country"]) == (fact.object, fact.subject)


def answer_of(land: Country, fact: Fact) -> str:
    """The object a country's fact must have; a currency's first words may stand in its prompt."""
    lead = fact.prompts[0].removeprefix("The currency of ").partition(" is the")[2].strip()
    (language,) = land.language_names if fact.relation == "country-language" else ("",)
    return {
        "country-capital": land.capital,
        "country-continent": land.continent,
        "country-currency": land.currency.removeprefix(lead).strip(),
        "country-language": language,
    }[fact.relation]


def test_of_cities_with_one_name_the_largest_counts() -> None:
    small = city(city_id=1, name="London", country="Canada", country_code="CA", population=400_000)
    large = city(city_id=2, name="London", country="United Kingdom", country_code="GB")
    large["population"] = 8_900_000
    found = facts.from_cities(cities(small, large))
    (told,) = [f for f in found if f.relation == "city-country"]
    assert (told.object, told.city_id) == ("United Kingdom", 2)
    assert told.prompts[0] == "London is a city in the"


def test_a_corpus_that_knows_little() -> None:
    """No code, an unknown country, no continent: what is there is told, and nothing made up."""
    found = facts.from_cities(
        cities(
            city(city_id=1, name="Herat", country="Afghanistan"),
            city(city_id=2, name="Atlantis City", country="Utopia", continent="Nowhere"),
            city(city_id=3, name="Lost"),
        )
    )
    told = {(f.relation, f.subject, f.object) for f in found}
    assert ("city-country", "Herat", "Afghanistan") in told
    assert ("city-country", "Atlantis City", "Utopia") in told
    assert ("city-continent", "Atlantis City", "Nowhere") in told
    assert ("country-capital", "Afghanistan", "Kabul") in told
    assert not {subject for _, subject, _ in told} & {"Lost", "Utopia"}
    assert facts.from_cities(cities()) == []


def test_tables_hold_the_facts(world: list[Fact]) -> None:
    some = world[::500]
    told, prompts = facts.tables(some)
    assert told.schema == KNOWLEDGE["facts"].schema
    assert prompts.schema == KNOWLEDGE["fact_prompts"].schema
    assert told["fact_id"].to_pylist() == list(range(len(some)))
    texts: dict[int, list[str]] = {}
    for row in prompts.to_pylist():
        assert row["prompt"] == len(texts.setdefault(row["fact_id"], []))
        texts[row["fact_id"]].append(row["text"])
    assert [tuple(texts[i]) for i in range(len(some))] == [f.prompts for f in some]
    chosen = facts.first_of_each(told, 2)
    relations = [some[i].relation for i in chosen]
    assert all(relations.count(r) == min(2, sum(f.relation == r for f in some)) for r in relations)
    assert dict(facts.by_relation(told))["city-country"][0] == 0
