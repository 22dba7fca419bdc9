"""The table `map_clusters`: what the points of each cluster have in common, as its label.

- Neurons: the phrases they fire after, that is what they have read where they are strongest
  (`phrases`); whether that is the name of the prompt's own city; the countries of those
  prompts; the words they promote there. Also whether they fire positively or negatively, and the
  layers that half of them are in.
- Prompts: their countries, and the phrases of their texts.

A label says what is true of many of the points and of few others (`claims`), of how many
(`wording`), and that there is no common theme where nothing is. What the corpus repeats, whatever
its prompts are about, is a pattern (`patterns`) and no theme.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kn_assets.lake.schema import TABLES
from kn_assets.maps.clusters import centres
from kn_assets.maps.labels import claims, traits, wording
from kn_assets.maps.labels.claims import PATTERN, Claim, Held, Term
from kn_assets.maps.labels.patterns import are_patterns
from kn_assets.maps.labels.phrases import Phrases, Usual, names_read, phrases_held, phrases_read
from kn_assets.maps.labels.terms import Telling, Terms, telling
from kn_assets.maps.labels.words import folded, promoted, words_in

TOP_PROMPTS = 10  # of a neuron, those it fires on most
SHOWN = 8  # countries and words kept of each cluster
NAMES = "city names"
_COMMONER = 1.5  # for words of texts, which many prompts share
_PROMOTED = 2.0

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class City:
    """Of a prompt: its city's name and country, where it has one."""

    name: str
    country: str | None = None


Cities = Mapping[int, City]
"""The city of each prompt that has one, by prompt id."""


def neuron_clusters(
    placed: pa.Table, top: pa.Table, vocabulary: pa.Table, tokens: pa.Table, cities: Cities
) -> pa.Table:
    """The rows of `map_clusters` about neurons.

    `placed` are the rows of `neuron_map`, `top` those of `neuron_top`, `vocabulary` those of
    `neuron_vocabulary` and `tokens` those of the table, in order.
    """
    placed = placed.sort_by([("layer", "ascending"), ("neuron", "ascending")])
    labels, known = placed["cluster"].to_numpy(), _ids(placed)
    neuron, prompt, position, sign = _strongest(top, np.searchsorted(known, _ids(top)), len(known))
    where = _countries(neuron, prompt, cities)
    words = promoted(vocabulary, np.searchsorted(known, _ids(vocabulary)), sign)
    texts = _texts(tokens)
    names = {p: city.name for p, city in cities.items()}
    phrases = phrases_read(texts)
    read = _terms(phrases, "phrase", PATTERN, cities)
    name = names_read(texts, names, NAMES)
    held = claims.together(
        _fires_after(phrases, read, neuron, prompt, position),
        _fires_after(name, [Term("name", term) for term in name.terms], neuron, prompt, position),
        _fires_in_countries(where, [c for p in texts if (c := _country(cities, p))]),
        _held("promotes", words),
    )
    return _table(
        "neuron",
        placed,
        claims.claims(labels, held),
        Usual(texts),
        telling(labels, where, SHOWN),
        telling(labels, words, SHOWN, least_lift=_PROMOTED, least_points=2),
        traits.signs(labels, sign),
        traits.layers(labels, placed["layer"].to_numpy()),
    )


def prompt_clusters(placed: pa.Table, tokens: pa.Table, cities: Cities) -> pa.Table:
    """The rows of `map_clusters` about prompts; `tokens` are the rows of the table, in order."""
    placed = placed.sort_by("prompt_id")
    labels, known = placed["cluster"].to_numpy(), placed["prompt_id"].to_numpy().astype(np.int64)
    every = np.arange(len(known))
    where = _countries(every, known, cities)
    texts = _texts(tokens)
    said = [(i, w) for i, p in enumerate(known) for w in words_in("".join(texts[p]))]
    words = folded(Terms(np.array([i for i, _ in said], np.int64), [word for _, word in said]))
    phrases = phrases_held(texts)
    points, codes = phrases.at(known, np.zeros_like(known))
    held = claims.together(
        Held(points, codes, _terms(phrases, "text", f"text {PATTERN}", cities)),
        _held("country", where),
    )
    return _table(
        "prompt",
        placed,
        claims.claims(labels, held),
        Usual(texts),
        telling(labels, where, SHOWN, least_points=2),
        telling(labels, words, SHOWN, least_lift=_COMMONER, least_points=2),
    )


def _ids(table: pa.Table) -> Ids:
    """A number for each row's neuron, in the order of layers and neurons."""
    layer, neuron = (table[c].to_numpy().astype(np.int64) for c in ("layer", "neuron"))
    return layer << 32 | neuron


def _texts(tokens: pa.Table) -> dict[int, list[str]]:
    texts: dict[int, list[str]] = defaultdict(list)
    pairs = zip(tokens["prompt_id"].to_pylist(), tokens["token"].to_pylist(), strict=True)
    for prompt, token in pairs:
        texts[prompt].append(token)
    return texts


def _strongest(top: pa.Table, neuron: Ids, n: int) -> tuple[Ids, Ids, Ids, NDArray[np.int8]]:
    """Neuron, prompt and position of each neuron's strongest prompts, and each neuron's sign.

    Of both signs together, by |activation|; a prompt counts once. The sign is that of the
    strongest, 1 or -1, and 0 where there is none.
    """
    prompt, position = (top[c].to_numpy().astype(np.int64) for c in ("prompt_id", "position"))
    activation = top["activation"].to_numpy()
    order = np.lexsort((-np.abs(activation), neuron))
    neuron, prompt, position = neuron[order], prompt[order], position[order]
    sign = np.zeros(n, dtype=np.int8)
    first = np.unique(neuron, return_index=True)[1]
    sign[neuron[first]] = np.where(activation[order][first] < 0, -1, 1)
    once = np.unique(neuron << 32 | prompt, return_index=True)[1]
    once.sort()
    neuron, prompt, position = neuron[once], prompt[once], position[once]
    kept = np.arange(len(neuron)) - np.searchsorted(neuron, neuron) < TOP_PROMPTS
    return neuron[kept], prompt[kept], position[kept], sign


def _country(cities: Cities, prompt: int) -> str | None:
    city = cities.get(prompt)
    return city.country if city else None


def _countries(points: Ids, prompts: Ids, cities: Cities) -> Terms:
    names = [_country(cities, p) for p in prompts.tolist()]
    known = np.array([bool(name) for name in names], dtype=bool)
    return Terms(points[known], [name for name in names if name])


# -- what a point has or hasn't ------------------------------------------------------------------


def _terms(phrases: Phrases, kind: str, pattern: str, cities: Cities) -> list[Term]:
    """The phrases as terms of a kind, or of another one where they are the corpus' patterns."""
    about = {prompt: city.country for prompt, city in cities.items() if city.country}
    are = are_patterns(phrases, about).tolist()
    pairs = zip(phrases.terms, are, strict=True)
    return [Term(pattern if is_pattern else kind, term) for term, is_pattern in pairs]


def _fires_after(read: Phrases, terms: list[Term], neuron: Ids, prompt: Ids, position: Ids) -> Held:
    which, codes = read.at(prompt, position)
    points, codes = claims.often(neuron[which], codes, read.rates, TOP_PROMPTS)
    return Held(points, codes, terms)


def _fires_in_countries(where: Terms, of_prompts: list[str]) -> Held:
    found = _coded("country", where)
    common = Counter(of_prompts)
    rates = np.array([common[term.text] / len(of_prompts) for term in found.terms])
    points, codes = claims.often(found.points, found.codes, rates, TOP_PROMPTS)
    return replace(found, points=points, codes=codes)


def _held(kind: str, of: Terms) -> Held:
    """Each pair of point and term once."""
    found = _coded(kind, of)
    pairs = np.unique(found.points << 32 | found.codes)
    return replace(found, points=pairs >> 32, codes=pairs & 0xFFFFFFFF)


def _coded(kind: str, of: Terms) -> Held:
    coded = pa.array(of.terms, pa.string()).dictionary_encode()
    codes = coded.indices.to_numpy().astype(np.int64)
    return Held(of.points, codes, [Term(kind, term) for term in coded.dictionary.to_pylist()])


# -- the table -----------------------------------------------------------------------------------


def _table(
    kind: Literal["neuron", "prompt"],
    placed: pa.Table,
    claimed: list[list[Claim]],
    usual: Usual,
    where: list[list[Telling]],
    words: list[list[Telling]],
    signs: list[Claim | None] | None = None,
    layers: list[Claim | None] | None = None,
) -> pa.Table:
    labels = placed["cluster"].to_numpy()
    x, y = centres(np.stack([placed["x"].to_numpy(), placed["y"].to_numpy()], axis=1), labels).T
    none: list[Claim | None] = [None] * len(x)
    signs, layers = signs or none, layers or none
    told = [
        [*of, *(claim for claim in rest if claim)]
        for of, *rest in zip(claimed, signs, layers, strict=True)
    ]
    schema = TABLES["map_clusters"].schema
    columns: dict[str, Any] = {
        "kind": [kind] * len(x),
        "cluster": np.arange(len(x)),
        "n": np.bincount(labels[labels >= 0], minlength=len(x)),
        "x": x,
        "y": y,
        "label": wording.labels(claimed, usual, signs, layers),
        "countries": [[t.term for t in terms] for terms in where],
        "country_lifts": [[t.lift for t in terms] for terms in where],
        "vocabulary": [[t.term for t in terms] for terms in words],
        "term_kinds": [[claim.term.kind for claim in some] for some in told],
        "terms": [[claim.term.text for claim in some] for some in told],
        "term_shares": [[claim.share for claim in some] for some in told],
        "term_shares_elsewhere": [[claim.elsewhere for claim in some] for some in told],
    }
    return pa.table([pa.array(columns[f.name]).cast(f.type) for f in schema], schema=schema)
