"""Facts to look for in a model: (relation, subject, object), each asked in several wordings.

A prompt ends right before the object. What an object needs before it in a sentence (an article, the
adjective of a currency) stands in the prompt: `Rotterdam is a city in the` asks for `Netherlands`,
`The currency of Japan is the Japanese` for `yen`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from kn_assets.corpora import geonames
from kn_assets.corpora.geonames import names, sentences
from kn_assets.lake import fingerprint
from kn_assets.lake.schema import KNOWLEDGE

TEMPLATES: dict[str, tuple[str, ...]] = {
    "city-country": (
        "{} is a city in",
        "The city of {} belongs to",
        "The country to which {} belongs is",
        "{} is located in the country of",
        "{} is a city in the country of",
        "The city of {} is in the country of",
        "The city of {} lies in the country of",
    ),
    "city-continent": (
        "{} is a city on the continent of",
        "{} lies on the continent of",
        "{} belongs to the continent of",
        "{} is located in the continent of",
        "The city of {} is on the continent of",
        "The city of {} is part of the continent of",
    ),
    "country-capital": (
        "The capital of {} is",
        "The capital city of {} is",
        "{} has its capital in",
        "In {}, the capital is",
        "The city which is the capital of {} is",
        "The capital of {} is the city of",
    ),
    "country-continent": (
        "{} is a country in",
        "{} is a country on the continent of",
        "{} belongs to the continent of",
        "{} lies on the continent of",
        "{} is part of the continent of",
        "The country of {} is on the continent of",
    ),
    "country-currency": (
        "The currency of {} is",
        "The official currency of {} is",
        "People in {} pay with",
        "In {}, the currency is",
        "The money used in {} is",
        "The national currency of {} is",
    ),
    "country-language": (
        "People in {} speak",
        "Most people in {} speak",
        "In {}, people speak",
        "The official language of {} is",
        "In {}, the official language is",
        "The main language of {} is",
    ),
}
"""Relation -> the beginnings of sentences which its object ends; `{}` is the subject."""


@dataclass(frozen=True)
class Fact:
    """A fact and the prompts that ask for its object. `city_id`: the city it is about, if any."""

    relation: str
    subject: str
    object: str
    prompts: tuple[str, ...]
    city_id: int | None = None


def from_cities(cities: pa.Table) -> list[Fact]:
    """The facts that a corpus' own `cities` hold, with GeoNames' about the countries named there.

    In the order of `TEMPLATES`, then of the cities. Left out are facts which

    - tell nothing: the object's name is in the subject's or the other way round (Singapore, Mexico
      City, South Africa in Africa);
    - aren't the only answer: of cities with one name the most populous alone is kept, countries in
      two continents have no continent, and those with several languages no language.
    """
    rows = _one_of_each_name(cities.to_pylist())
    known = {land["country_code"]: land for land in geonames.countries().to_pylist()}
    by_name = {land["country"]: land for land in known.values()}
    lands: dict[str, dict[str, Any]] = {}
    of_city = []
    for row in rows:
        land = known.get(row["country_code"]) or by_name.get(row["country"])
        of_city.append(land)
        if land and not land["is_territory"]:
            lands.setdefault(land["country_code"], land)
    ids = {(row["country_code"], row["name"]): row["city_id"] for row in rows}
    facts: list[Fact | None] = []
    for row, land in zip(rows, of_city, strict=True):
        facts.append(_fact("city-country", row["name"], row["country"], row["city_id"], land))
    for row, land in zip(rows, of_city, strict=True):
        if land is None or land["country_code"] not in sentences.TWO_CONTINENTS:
            continent = row["continent"]
            facts.append(_fact("city-continent", row["name"], continent, row["city_id"]))
    for relation, object_of in _OF_COUNTRIES.items():
        for code, land in lands.items():
            city_id = ids.get((code, land["capital"])) if relation == "country-capital" else None
            facts.append(_fact(relation, _told(land), object_of(land), city_id))
    return [fact for fact in facts if fact]


def tables(facts: Sequence[Fact]) -> tuple[pa.Table, pa.Table]:
    """The tables `facts` and `fact_prompts`; a fact's id is its place in the list.

    Both say which set of facts they are, and so does every table made of them: the same facts in
    the same order are the same set, whatever they were read from.
    """
    fact_set = fingerprint.of_json([[f.relation, f.subject, f.object, f.prompts] for f in facts])
    return (
        pa.Table.from_pylist(
            [
                {
                    "fact_id": i,
                    "relation": fact.relation,
                    "subject": fact.subject,
                    "object": fact.object,
                    "city_id": fact.city_id,
                    "fact_set": fact_set,
                }
                for i, fact in enumerate(facts)
            ],
            schema=KNOWLEDGE["facts"].schema,
        ),
        pa.Table.from_pylist(
            [
                {"fact_id": i, "prompt": j, "text": text, "fact_set": fact_set}
                for i, fact in enumerate(facts)
                for j, text in enumerate(fact.prompts)
            ],
            schema=KNOWLEDGE["fact_prompts"].schema,
        ),
    )


def first_of_each(facts: pa.Table, n: int) -> list[int]:
    """Ids of the first `n` facts of each relation: GeoNames' cities begin with the largest."""
    left: dict[str, int] = {}
    chosen = []
    for fact_id, relation in zip(
        facts["fact_id"].to_pylist(), facts["relation"].to_pylist(), strict=True
    ):
        left[relation] = left.get(relation, n) - 1
        if left[relation] >= 0:
            chosen.append(fact_id)
    return chosen


def prompts(templates: Iterable[str], subject: str, lead: str = "") -> tuple[str, ...]:
    """Each template with its subject and what comes before the object, begun with a capital."""
    texts = (f"{template.replace('{}', subject)} {lead}".strip() for template in templates)
    return tuple(dict.fromkeys(text[:1].upper() + text[1:] for text in texts))


def _fact(
    relation: str,
    subject: str,
    told: str | None,
    city_id: int | None = None,
    land: dict[str, Any] | None = None,
) -> Fact | None:
    """`told` is the object as it stands in a sentence; its last word or name is the object."""
    if not subject or not told:
        return None
    lead, name = "", told
    if relation == "country-currency":
        lead, _, name = f"the {told}".rpartition(" ")
    elif land and land["country_code"] in names.WITH_THE and not told.startswith(("the ", "The ")):
        lead = "the"
    bare = subject.removeprefix("the ")
    if tells_itself(bare, name):
        return None
    return Fact(relation, bare, name, prompts(TEMPLATES[relation], subject, lead), city_id)


def tells_itself(subject: str, name: str) -> bool:
    """Whether an object's name is in the subject's or the other way round: copying answers it."""
    one, other = subject.casefold(), name.casefold()
    return one in other or other in one


def _told(land: dict[str, Any]) -> str:
    name: str = land["country"]
    return f"the {name}" if land["country_code"] in names.WITH_THE else name


def _continent(land: dict[str, Any]) -> str | None:
    return None if land["country_code"] in sentences.TWO_CONTINENTS else land["continent"]


def _language(land: dict[str, Any]) -> str | None:
    return land["languages"][0] if len(land["languages"]) == 1 else None


_OF_COUNTRIES: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "country-capital": lambda land: land["capital"],
    "country-continent": _continent,
    "country-currency": lambda land: land["currency"],
    "country-language": _language,
}


def _one_of_each_name(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the cities that share a name the most populous, in the order of the list."""

    def size(i: int) -> tuple[int, int]:
        return rows[i]["population"] or 0, -i

    best: dict[str, int] = {}
    for i, row in enumerate(rows):
        name = row["name"]
        if name not in best or size(i) > size(best[name]):
            best[name] = i
    return [rows[i] for i in sorted(best.values())]


def by_relation(facts: pa.Table) -> Iterator[tuple[str, list[int]]]:
    """Each relation with the ids of its facts, in the order of the table."""
    found: dict[str, list[int]] = {}
    for row in facts.select(["fact_id", "relation"]).to_pylist():
        found.setdefault(row["relation"], []).append(row["fact_id"])
    yield from found.items()
