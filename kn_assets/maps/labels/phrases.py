"""Phrases of the prompts: what a neuron that fires has just read.

A text is words, numbers and marks, whatever its tokens are: a token stands for the word it is in.
All numbers are one word, `#`, so that "1,526,656 inhabitants" and "250,849 inhabitants" are one
phrase. A phrase is one to three words in a row, or one mark.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate, chain

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

NUMBER = "#"
LONGEST = 3  # words
READ = 4  # words: a phrase lies in the last four, that of the token being one
FEWEST = 3  # prompts that have a phrase
USUAL = 0.8  # of the times a phrase comes, with the same word beside it
_WORD = re.compile(r"\d[\d.,]*\d|\d|(?:\w\.){2,}|\w+(?:['’.\-]\w+)*|[^\w\s]")

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Phrases:
    """Of place i, `terms[code]` for each code of codes[starts[i]:starts[i + 1]].

    Places are the prompts' tokens in order, or the prompts; `prompts` and `positions` tell where
    they are. rates[code] is the share of places that have it, beginnings of prompts aside.
    """

    prompts: Ids
    positions: Ids
    starts: Ids
    codes: Ids
    terms: list[str]
    rates: NDArray[np.float64]

    def at(self, prompts: Ids, positions: Ids) -> tuple[Ids, Ids]:
        """Of each place asked for its number in the lists given, and its codes, repeated."""
        known = self.prompts << 32 | self.positions
        asked = prompts << 32 | positions
        place = np.minimum(np.searchsorted(known, asked), max(0, len(known) - 1))
        found = np.flatnonzero(known[place] == asked) if len(known) else np.zeros(0, np.int64)
        first, last = self.starts[place[found]], self.starts[place[found] + 1]
        counts = last - first
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(found, counts), self.codes[np.repeat(first, counts) + within]


def words(text: str) -> list[tuple[int, int, str]]:
    """Where each word begins and ends, and the word."""
    found = [(m.start(), m.end(), m.group()) for m in _WORD.finditer(text)]
    return [(a, b, NUMBER if word[0].isdigit() else word) for a, b, word in found]


def read_at(tokens: list[str]) -> list[list[str]]:
    """The phrases among the words that were read up to each token, its own word included.

    A token that is but a space, or a part of a letter, belongs to the word after it.
    """
    text = "".join(tokens)
    found = words(text)
    phrases = [_phrases([word for *_, word in found], i) for i in range(len(found))]
    ends = [end for _, end, _ in found]
    begins = accumulate((len(token) for token in tokens), initial=0)
    if not found:
        return [[] for _ in tokens]
    read = []
    for token, begin in zip(tokens, begins, strict=False):
        at = bisect_right(ends, begin + len(token) - len(token.lstrip()))
        read.append(phrases[min(at, len(found) - 1)])
    return read


def _phrases(of: list[str], last: int) -> list[str]:
    """The phrases within the last words of a text up to of[last]; none goes over a mark."""
    if not _joins(of[last]):
        return [of[last]]
    first = max(0, last + 1 - READ)
    first = max((i + 1 for i in range(first, last) if not _joins(of[i])), default=first)
    spans = [
        " ".join(of[i:j])
        for i in range(first, last + 1)
        for j in range(i + 1, min(i + LONGEST, last + 1) + 1)
    ]
    return list(dict.fromkeys(spans))


def _joins(word: str) -> bool:
    return word == NUMBER or word[0].isalnum()


def phrases_read(texts: Mapping[int, list[str]]) -> Phrases:
    """The phrases read at each token of the prompts, given by their id."""
    read = {prompt: read_at(tokens) for prompt, tokens in texts.items()}
    places = [(p, i) for p in sorted(read) for i in range(len(read[p]))]
    return _coded(places, [read[p][i] for p, i in places], first=1)


def names_read(texts: Mapping[int, list[str]], names: Mapping[int, str], term: str) -> Phrases:
    """As `phrases_read`, with the one term at the tokens of each prompt's own name."""
    places, inside = [], []
    for prompt in sorted(texts):
        tokens, name = texts[prompt], names.get(prompt, "")
        text = "".join(tokens)
        spans = [m.span() for m in re.finditer(re.escape(name), text)] if name else []
        begins = accumulate((len(token) for token in tokens), initial=0)
        for i, (token, begin) in enumerate(zip(tokens, begins, strict=False)):
            at = begin + len(token) - len(token.lstrip())
            places.append((prompt, i))
            inside.append([term] if any(a <= at < b for a, b in spans) else [])
    return _coded(places, inside, first=1)


def phrases_held(texts: Mapping[int, list[str]]) -> Phrases:
    """The phrases anywhere in each prompt; positions are 0."""
    held = {
        prompt: list(dict.fromkeys(chain.from_iterable(read_at(tokens))))
        for prompt, tokens in texts.items()
    }
    return _coded([(p, 0) for p in sorted(held)], [held[p] for p in sorted(held)], first=0)


class Usual:
    """What phrases usually come with in the texts."""

    def __init__(self, texts: Mapping[int, list[str]]) -> None:
        lines = ((word for *_, word in words("".join(tokens))) for tokens in texts.values())
        self._running = "\n".join(" ".join(["", *line, ""]) for line in lines)

    def whole(self, phrase: str) -> str:
        """The phrase with the words that nearly always stand beside it, three words at most.

        Such as "can be heard" for "can"; words after it are joined before those ahead of it.
        """
        for pattern, joined in ((r" {} (\S+)(?= )", "{0} {1}"), (r"(\S+) {} ", "{1} {0}")):
            while _joins(phrase) and phrase.count(" ") + 1 < LONGEST:
                beside = re.findall(pattern.format(re.escape(phrase)), self._running)
                word, times = max(Counter(beside).items(), key=lambda one: one[1], default=("", 0))
                if not times or times < USUAL * len(beside) or not _joins(word):
                    break
                phrase = joined.format(phrase, word)
        return phrase


def _coded(places: list[tuple[int, int]], phrases: Iterable[list[str]], first: int) -> Phrases:
    """Only those that enough prompts have; rates are over positions from `first`."""
    listed = list(phrases)
    prompt, position = np.array(places, np.int64).reshape(-1, 2).T
    counts = np.array([len(some) for some in listed], np.int64)
    coded = pa.array(list(chain.from_iterable(listed)), pa.string()).dictionary_encode()
    codes = coded.indices.to_numpy().astype(np.int64)
    place = np.repeat(np.arange(len(listed)), counts)
    n = len(coded.dictionary)
    pairs = np.unique(codes << 32 | prompt[place])
    kept = np.bincount(pairs >> 32, minlength=n) >= FEWEST
    number = np.cumsum(kept) - 1
    mine = kept[codes]
    codes, place = number[codes[mine]], place[mine]
    counted = position[place] >= first
    rates = np.bincount(codes[counted], minlength=int(kept.sum())) / max(
        1, int((position >= first).sum())
    )
    starts = np.searchsorted(place, np.arange(len(listed) + 1)).astype(np.int64)
    terms = coded.dictionary.filter(pa.array(kept)).to_pylist()
    return Phrases(prompt, position, starts, codes, terms, rates)
