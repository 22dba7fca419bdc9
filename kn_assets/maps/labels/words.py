"""The words that neurons promote, out of the tokens of `neuron_vocabulary`."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kn_assets.maps.labels.terms import Terms

_WORD = re.compile(r"[^\W\d_](?:[^\W_]|['’\-](?=[^\W\d_]))+")


def promoted(vocabulary: pa.Table, points: NDArray[np.int64], sign: NDArray[np.int8]) -> Terms:
    """The words that neurons promote when they fire, weighted by their scores.

    points: the neuron of each row of `neuron_vocabulary`; sign: of each neuron, 1, or -1 where its
    strongest activation is negative, so that it promotes what its value vector suppresses.
    """
    mine = vocabulary["sign"].to_numpy() == sign[points]
    tokens = pa.chunked_array(vocabulary["token"]).combine_chunks().filter(pa.array(mine))
    coded = tokens.dictionary_encode()
    found = words(coded.dictionary.to_pylist())
    codes = coded.indices.to_numpy()
    is_word = np.array([word is not None for word in found], dtype=bool)[codes]
    return folded(
        Terms(
            points[mine][is_word],
            [found[c] or "" for c in codes[is_word]],
            np.abs(vocabulary["score"].to_numpy()[mine][is_word]),
        )
    )


def words_in(text: str) -> list[str]:
    """The words of a text, each once."""
    return list(dict.fromkeys(_WORD.findall(text)))


def words(tokens: list[str]) -> list[str | None]:
    """Each token's letters where it is a word: " US" or "US", but none of " 9", "ipzig", "');".

    What begins small and without a space goes on from another token, unless the tokenizer's texts
    tell no spaces.
    """
    spaced = any(token[:1] == " " for token in tokens)

    def word(token: str) -> str | None:
        letters = token.strip()
        if not _WORD.fullmatch(letters) or (spaced and token[0].islower()):
            return None
        return letters

    return [word(token) for token in tokens]


def folded(of: Terms) -> Terms:
    """Words that differ in case as one, in the writing that weighs most."""
    weights = np.ones(len(of.points)) if of.weights is None else of.weights
    weight: dict[str, float] = defaultdict(float)
    for word, w in zip(of.terms, weights.tolist(), strict=True):
        weight[word] += w
    best: dict[str, str] = {}
    for word in sorted(weight, key=lambda word: (-weight[word], word)):
        best.setdefault(word.casefold(), word)
    terms: Any = [best[word.casefold()] for word in of.terms]
    return Terms(of.points, terms, of.weights)
