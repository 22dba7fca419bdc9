"""The table `map_clusters`: what the points of each cluster have in common, as its label.

- Neurons: the countries of the prompts that they fire on most, and the words they promote when they
  do, by the summed scores of `neuron_vocabulary`. A neuron whose strongest activation is negative
  promotes what its value vector suppresses.
- Prompts: their countries, and the words of their texts.

Countries and words are those that tell the cluster from all other points (`cluster_terms`), not the
commonest everywhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kn_assets.cluster_terms import Telling, Terms, telling
from kn_assets.clusters import centres
from kn_assets.schema import TABLES

TOP_PROMPTS = 10  # of a neuron, those it fires on most
SHOWN = 8  # countries and words kept of each cluster
_TELLS = 2.0  # a term tells something where it is that many times as common as among all points ...
_SCORE = 0.01  # ... and makes up that much of the cluster's divergence from them
_COMMONER = 1.5  # for words of texts, which many prompts share
_IN_LABEL = 2  # countries, and words
_WORD = re.compile(r"[^\W\d_](?:[^\W_]|['’\-](?=[^\W\d_]))+")

Countries = Mapping[int, str]
"""The country of each prompt that has one, by prompt id."""


def neuron_clusters(
    placed: pa.Table, top: pa.Table, vocabulary: pa.Table, countries: Countries
) -> pa.Table:
    """The rows of `map_clusters` about neurons.

    `placed` are the rows of `neuron_map`, `top` those of `neuron_top` and `vocabulary` those of
    `neuron_vocabulary`.
    """
    ids = _ids(placed)
    labels = np.full(int(ids.max(initial=-1)) + 1, -1, dtype=np.int16)
    labels[ids] = placed["cluster"].to_numpy()
    neuron, prompt, sign = _strongest(top)
    where = telling(labels, _countries(neuron, prompt, countries), SHOWN)
    promoted = _promoted(vocabulary, sign, len(labels))
    words = telling(labels, promoted, SHOWN, least_lift=_TELLS, least_points=2)
    return _table("neuron", placed, where, words)


def prompt_clusters(placed: pa.Table, tokens: pa.Table, countries: Countries) -> pa.Table:
    """The rows of `map_clusters` about prompts; `tokens` are the rows of the table, in order."""
    ids = placed["prompt_id"].to_numpy()
    labels = np.full(int(ids.max(initial=-1)) + 1, -1, dtype=np.int16)
    labels[ids] = placed["cluster"].to_numpy()
    where = telling(labels, _countries(ids, ids, countries), SHOWN, least_points=2)
    texts: dict[int, str] = defaultdict(str)
    pairs = zip(tokens["prompt_id"].to_pylist(), tokens["token"].to_pylist(), strict=True)
    for prompt, token in pairs:
        texts[prompt] += token
    points, terms = [], []
    for prompt, text in texts.items():
        for word in dict.fromkeys(_WORD.findall(text)):
            points.append(prompt)
            terms.append(word)
    said = _folded(Terms(np.array(points, np.int64), terms))
    words = telling(labels, said, SHOWN, least_lift=_COMMONER, least_points=2)
    return _table("prompt", placed, where, words)


def _ids(table: pa.Table) -> NDArray[np.int64]:
    """A number for each row's neuron: layers one after another, 65,536 neurons to each."""
    layer, neuron = (table[c].to_numpy().astype(np.int64) for c in ("layer", "neuron"))
    return layer << 16 | neuron


def _strongest(top: pa.Table) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int8]]:
    """Neuron and prompt of each neuron's strongest prompts, and each neuron's sign there.

    Of both signs together, by |activation|; a prompt counts once.
    """
    neuron, prompt = _ids(top), top["prompt_id"].to_numpy().astype(np.int64)
    activation = top["activation"].to_numpy()
    order = np.lexsort((-np.abs(activation), neuron))
    neuron, prompt, activation = neuron[order], prompt[order], activation[order]
    sign = np.ones(int(neuron.max(initial=-1)) + 1, dtype=np.int8)
    first = np.unique(neuron, return_index=True)[1]
    sign[neuron[first]] = np.where(activation[first] < 0, -1, 1)
    once = np.unique(neuron << 32 | prompt, return_index=True)[1]
    once.sort()
    neuron, prompt = neuron[once], prompt[once]
    rank = np.arange(len(neuron)) - np.searchsorted(neuron, neuron)
    return neuron[rank < TOP_PROMPTS], prompt[rank < TOP_PROMPTS], sign


def _countries(points: NDArray[Any], prompts: NDArray[Any], countries: Countries) -> Terms:
    names = [countries.get(p) for p in prompts.tolist()]
    known = np.array([name is not None for name in names], dtype=bool)
    return Terms(points[known], [name for name in names if name is not None])


def _promoted(vocabulary: pa.Table, sign: NDArray[np.int8], n: int) -> Terms:
    """The words that neurons promote when they fire, weighted by their scores."""
    neuron = _ids(vocabulary)
    signs = np.ones(max(n, int(neuron.max(initial=-1)) + 1), dtype=np.int8)
    signs[: len(sign)] = sign
    mine = vocabulary["sign"].to_numpy() == signs[neuron]
    tokens = pa.chunked_array(vocabulary["token"]).combine_chunks().filter(pa.array(mine))
    coded = tokens.dictionary_encode()
    found = _words(coded.dictionary.to_pylist())
    codes = coded.indices.to_numpy()
    is_word = np.array([word is not None for word in found], dtype=bool)[codes]
    return _folded(
        Terms(
            neuron[mine][is_word],
            [found[c] or "" for c in codes[is_word]],
            np.abs(vocabulary["score"].to_numpy()[mine][is_word]),
        )
    )


def _words(tokens: list[str]) -> list[str | None]:
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


def _folded(of: Terms) -> Terms:
    """Words that differ in case as one, in the writing that weighs most."""
    weights = np.ones(len(of.points)) if of.weights is None else of.weights
    weight: dict[str, float] = defaultdict(float)
    for word, w in zip(of.terms, weights.tolist(), strict=True):
        weight[word] += w
    best: dict[str, str] = {}
    for word in sorted(weight, key=lambda word: (-weight[word], word)):
        best.setdefault(word.casefold(), word)
    return Terms(of.points, [best[word.casefold()] for word in of.terms], of.weights)


def _table(
    kind: Literal["neuron", "prompt"],
    placed: pa.Table,
    where: list[list[Telling]],
    words: list[list[Telling]],
) -> pa.Table:
    labels = placed["cluster"].to_numpy()
    x, y = centres(np.stack([placed["x"].to_numpy(), placed["y"].to_numpy()], axis=1), labels).T
    schema = TABLES["map_clusters"].schema
    columns: dict[str, Any] = {
        "kind": [kind] * len(x),
        "cluster": np.arange(len(x)),
        "n": np.bincount(labels[labels >= 0], minlength=len(x)),
        "x": x,
        "y": y,
        "label": [_label(i, *both) for i, both in enumerate(zip(where, words, strict=True))],
        "countries": [[t.term for t in terms] for terms in where],
        "country_lifts": [[t.lift for t in terms] for terms in where],
        "vocabulary": [[t.term for t in terms] for terms in words],
    }
    return pa.table([pa.array(columns[f.name]).cast(f.type) for f in schema], schema=schema)


def _label(cluster: int, where: list[Telling], words: list[Telling]) -> str:
    """Such as `Japan, South Korea · yen`: what tells most; the cluster's number where nothing."""
    countries = _telling_most(where)[:_IN_LABEL]
    said = " ".join(countries).casefold()
    rest = [word for word in _telling_most(words) if word.casefold() not in said][:_IN_LABEL]
    if not (countries or rest):
        rest = [t.term for t in words[:_IN_LABEL]]
    parts = [", ".join(some) for some in (countries, rest) if some]
    return " · ".join(parts) or f"cluster {cluster}"


def _telling_most(terms: list[Telling]) -> list[str]:
    return [t.term for t in terms if t.lift >= _TELLS and t.score >= _SCORE]
