"""Made-up descriptions of neurons: a rule for most halves, whose figures agree with each other."""

from __future__ import annotations

import numpy as np

from kn_assets.knowledge.descriptions import words
from kn_assets.knowledge.descriptions.table import wilson
from kn_assets.synthetic.dense import Columns, Shape, neuron_columns
from kn_assets.synthetic.text import COUNTRIES, vocabulary

_KINDS = ("token", "before", "2-gram", "country", words.NONE)


def descriptions(size: Shape) -> Columns:
    """One row for each half of each neuron; a fifth of them has no rule."""
    rng = np.random.default_rng([size.seed, 7])
    layer, neuron = (np.repeat(column, 2) for column in neuron_columns(size))
    n = len(layer)
    tokens = vocabulary(size.n_vocabulary)
    kinds = [_KINDS[i] for i in rng.integers(len(_KINDS), size=n)]
    drawn = rng.integers(len(tokens), size=(n, 2)).tolist()
    terms = [_terms(kind, tokens, *pair) for kind, pair in zip(kinds, drawn, strict=True)]
    rules = [words.rule(kind, some) for kind, some in zip(kinds, terms, strict=True)]
    held_out = size.n_prompts * size.n_tokens // 2
    named, fired = rng.integers(2, max(3, held_out // 3), (2, n))
    both = rng.integers(1, np.minimum(named, fired) + 1)
    precision_low, precision_high = wilson(both, named)
    recall_low, recall_high = wilson(both, fired)
    figures = {
        "precision": both / named,
        "precision_low": precision_low,
        "precision_high": precision_high,
        "recall": both / fired,
        "recall_low": recall_low,
        "recall_high": recall_high,
        "base_rate": fired / held_out,
        "n_chosen": named,
        "n": named,
        "n_both": both,
        "n_held_out": np.full(n, held_out),
        "q_value": rng.uniform(0, 0.05, n),
        "phi": rng.uniform(0.1, 1, n),
    }
    none = np.array(kinds) == words.NONE
    return {
        "layer": layer,
        "neuron": neuron,
        "sign": np.tile([1, -1], n // 2),
        "rank": np.ones(n, int),
        "kind": kinds,
        "rule": rules,
        "searched": [words.searched(rule) for rule in rules],
        "terms": terms,
        "n_fired": fired,
        **{name: _null(column, none) for name, column in figures.items()},
    }


def _terms(kind: str, tokens: list[str], one: int, other: int) -> list[str]:
    if kind == words.NONE:
        return []
    if kind == "country":
        return [COUNTRIES[one % len(COUNTRIES)][0]]
    if kind == "2-gram":
        return [tokens[one] + tokens[other]]
    return [tokens[one], tokens[other]] if one != other else [tokens[one]]


def _null(column: np.ndarray, none: np.ndarray) -> list[float | int | None]:
    return [
        None if without else value
        for value, without in zip(column.tolist(), none.tolist(), strict=True)
    ]
