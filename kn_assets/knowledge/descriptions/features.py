"""What a rule can name: a value of each token, or of each prompt, of an atlas.

n-grams at a firing and what follows it are those of N2G (Foote et al. 2023), without its wildcards;
a concept is a value of the city's metadata, as in `neuron_concepts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from kn_assets.knowledge.concept_values import Values

Array = np.ndarray[Any, Any]

UNKNOWN = -1  # a unit that has no value of a feature: no rule names it
LONGEST = 3  # tokens of an n-gram


@dataclass(frozen=True)
class Texts:
    """The tokens of an atlas, in the order of prompts and positions.

    prompt: int64 [tokens], the place of each token's prompt, from 0; position: int64 [tokens];
    code: int64 [tokens], a number for each different token; words: the text of each code; sink:
    bool [tokens]; ids: int64 [prompts], the prompts in the order of their places.
    """

    prompt: Array
    position: Array
    code: Array
    words: list[str]
    sink: Array
    ids: Array

    @classmethod
    def of(cls, tokens: pa.Table) -> Texts:
        """From the rows of `tokens`, which are in the order of its key."""
        ids, prompt = np.unique(tokens["prompt_id"].to_numpy(), return_inverse=True)
        _, first, code = np.unique(
            tokens["token_id"].to_numpy(), return_index=True, return_inverse=True
        )
        words = tokens["token"].take(pa.array(first)).to_pylist()
        sink = tokens["sink"].to_numpy(zero_copy_only=False).astype(bool)
        position = tokens["position"].to_numpy().astype(np.int64)
        return cls(prompt, position, code, words, sink, ids)

    def before(self, n: int) -> Array:
        """The code of the token n places before each (after it where n is negative), -1: none."""
        at = np.arange(len(self.code)) - n
        there = (at >= 0) & (at < len(self.code))
        at = np.where(there, at, 0)
        return np.where(there & (self.prompt[at] == self.prompt), self.code[at], UNKNOWN)


@dataclass(frozen=True)
class Feature:
    """One kind of rule: the value that each unit has.

    kind: its name in `neuron_descriptions`; unit: `token` or `prompt`; value: int64 [units], from
    0, or -1; counted: bool [units], those over which a rule is judged; terms: each value in words.
    """

    kind: str
    unit: str
    value: Array
    counted: Array
    terms: list[str]


def token_features(texts: Texts) -> list[Feature]:
    """What stands at a token, with up to two before it; what stands before it; what follows."""
    counted = ~texts.sink
    found = [Feature("token", "token", texts.code, counted, texts.words)]
    for n in range(2, LONGEST + 1):
        value, terms = _grams(texts, n)
        found.append(Feature(f"{n}-gram", "token", value, counted, terms))
    found.append(Feature("after", "token", texts.before(1), counted, texts.words))
    follows = texts.before(-1)
    # What follows the last token of a prompt isn't known: such tokens say nothing for or against.
    found.append(Feature("before", "token", follows, counted & (follows != UNKNOWN), texts.words))
    return found


def _grams(texts: Texts, n: int) -> tuple[Array, list[str]]:
    """The run of n tokens that ends at each token, as a number, and each run's text."""
    joined = np.zeros(len(texts.code), dtype=np.int64)
    for back in reversed(range(n)):
        # Codes of pairs are counted anew each time, so that numbers stay small.
        _, joined = np.unique(
            joined * (len(texts.words) + 1) + texts.before(back) + 1, return_inverse=True
        )
    there = np.flatnonzero(texts.position >= n - 1)
    value = np.full(len(joined), UNKNOWN)
    _, first, value[there] = np.unique(joined[there], return_index=True, return_inverse=True)
    ends = there[first]
    parts = [texts.code[ends - back] for back in reversed(range(n))]
    return value, ["".join(texts.words[c] for c in codes) for codes in zip(*parts, strict=True)]


def prompt_features(values: Values) -> list[Feature]:
    """The country, continent, capital status and population class of each prompt's city.

    Values of one attribute exclude one another, so each attribute is a kind of its own.
    """
    found = []
    for attribute in dict.fromkeys(values.attributes):
        at = [i for i, name in enumerate(values.attributes) if name == attribute]
        member = values.member[:, at] > 0
        value = np.where(member.any(axis=1), member.argmax(axis=1), UNKNOWN)
        terms = [values.values[i] for i in at]
        found.append(Feature(attribute, "prompt", value, np.ones(len(value), bool), terms))
    return found
