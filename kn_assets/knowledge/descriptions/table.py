"""The table `neuron_descriptions`, a layer at a time, out of the tokens and what fired at them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from kn_assets.knowledge.concept_values import Values
from kn_assets.knowledge.concepts import q_values
from kn_assets.knowledge.descriptions import words
from kn_assets.knowledge.descriptions.features import (
    Feature,
    Texts,
    prompt_features,
    token_features,
)
from kn_assets.knowledge.descriptions.rules import Firings, Rules, places, rules
from kn_assets.lake.schema import TABLES
from kn_assets.progress import Progress

Array = np.ndarray[Any, Any]
Columns = dict[str, Array]

LEVEL = 0.05
"""Rules with a q-value up to this are kept, where they beat the base rate."""

_SIGNS = (1, -1)
_FIGURES = (
    "precision",
    "precision_low",
    "precision_high",
    "recall",
    "recall_low",
    "recall_high",
    "base_rate",
    "n_chosen",
    "n",
    "n_both",
    "n_held_out",
    "q_value",
    "phi",
)
_Z = 1.959963984540054  # the normal distribution's 97.5th percentile


def held_out(n_prompts: int, seed: int) -> Array:
    """Which prompts, by their places, judge the rules that the others chose: half of them.

    The same for the same number of prompts and seed.
    """
    order = np.random.default_rng([seed, n_prompts]).permutation(n_prompts)
    found = np.zeros(n_prompts, bool)
    found[order[: n_prompts // 2]] = True
    return found


class Descriptions:
    """Rules of one atlas: `add` its layers, then ask for the `table`.

    tokens: rows of `tokens` in the order of its key; values: of the prompts in the order of their
    ids, None where nothing is known of them.
    """

    def __init__(self, tokens: pa.Table, values: Values | None, n_neurons: int, seed: int) -> None:
        self.texts = Texts.of(tokens)
        self._n_rows = len(_SIGNS) * n_neurons
        out = held_out(len(self.texts.ids), seed)
        of_token, of_prompt = ~out[self.texts.prompt], ~out
        prompts = np.arange(len(out))
        self._features: list[tuple[Feature, Array, Array]] = [
            (feature, of_token, self.texts.prompt) for feature in token_features(self.texts)
        ]
        if values is not None:
            self._features += [(f, of_prompt, prompts) for f in prompt_features(values)]
        lengths = np.bincount(self.texts.prompt, minlength=len(out))
        self._first = np.cumsum(lengths) - lengths
        self._out_of_token = ~of_token
        self._found: list[tuple[int, Feature, Rules]] = []
        self._fired: dict[int, tuple[Array, Array]] = {}

    def add(
        self, layer: int, neuron: Array, prompt_id: Array, position: Array, sign: Array
    ) -> None:
        """A layer's rows of `activations_by_neuron`, in their order."""
        unit = self._first[np.searchsorted(self.texts.ids, prompt_id)] + position
        row = len(_SIGNS) * neuron.astype(np.int64) + (sign < 0)
        kept = ~self.texts.sink[unit]
        row, unit = row[kept], unit[kept]
        order = np.argsort(row, kind="stable")
        firings = Firings(row[order], unit[order], self._n_rows)
        self._fired[layer] = (
            np.bincount(row, minlength=self._n_rows),
            np.bincount(row[self._out_of_token[unit]], minlength=self._n_rows),
        )
        by_prompt = firings.by(self.texts.prompt)
        for feature, chosen, prompt in self._features:
            of = firings if feature.unit == "token" else by_prompt
            found = rules(of, feature, chosen, prompt)
            if len(found.row):
                self._found.append((layer, feature, found))

    def table(self) -> pa.Table:
        """All rows, in the order of the key."""
        schema = TABLES["neuron_descriptions"].schema
        p = np.concatenate([np.zeros(0), *(found.p for _, _, found in self._found)])
        ends = np.cumsum([len(found.row) for _, _, found in self._found])
        q = np.split(q_values(p, len(p)), ends[:-1])
        parts = [
            _kept(layer, feature, found, of)
            for (layer, feature, found), of in zip(self._found, q, strict=bool(self._found))
        ]
        place = np.concatenate([np.zeros(0, np.int64), *(self._place(part) for part in parts)])
        parts += [self._ruleless(layer, place) for layer in self._fired]
        if not parts:
            return schema.empty_table()
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        # Of rules that are equally good the simplest comes first.
        kinds = [feature.kind for feature, _, _ in self._features]
        simple = np.array([kinds.index(kind) if kind in kinds else 0 for kind in whole["kind"]])
        order = np.lexsort((simple, -whole["phi"], whole["row"], whole["layer"]))
        rank = places(self._place(whole)[order]) + 1
        order, whole["rank"] = order[rank <= words.MOST], rank[rank <= words.MOST]
        whole = {name: c if name == "rank" else c[order] for name, c in whole.items()}
        whole["neuron"], half = np.divmod(whole["row"], len(_SIGNS))
        whole["sign"] = np.array(_SIGNS)[half]
        # Where there is no rule its figures are null.
        none = whole["kind"] == words.NONE
        columns = [
            pa.array(whole[f.name], f.type, mask=none if f.name in _FIGURES else None)
            for f in schema
        ]
        return pa.table(columns, schema=schema)

    def _place(self, part: Columns) -> Array:
        """A number for each half of a neuron, ascending in the order of the key."""
        place: Array = part["layer"] * self._n_rows + part["row"]
        return place

    def _ruleless(self, layer: int, ruled: Array) -> Columns:
        """The halves of a layer that fired and have no rule; ruled: the places of those that do."""
        fired, fired_out = self._fired[layer]
        rows = np.flatnonzero(fired)
        rows = rows[~np.isin(layer * self._n_rows + rows, ruled)]
        none = dict.fromkeys(_FIGURES, np.zeros(len(rows)))
        return {
            **none,
            "row": rows,
            "layer": np.full(len(rows), layer),
            "kind": np.full(len(rows), words.NONE),
            "rule": _objects([words.NO_RULE] * len(rows)),
            "searched": _objects([words.searched(words.NO_RULE)] * len(rows)),
            "terms": _objects([[] for _ in rows]),
            "n_fired": fired_out[rows],
        }


def _kept(layer: int, feature: Feature, found: Rules, q: Array) -> Columns:
    """The rules that beat their base rate, with all that is told of them."""
    base = found.n_fired / max(found.n_units, 1)
    kept = np.flatnonzero((q <= LEVEL) & (wilson(found.n_both, found.n)[0] > base))
    n, n_fired, n_both = found.n[kept], found.n_fired[kept], found.n_both[kept]
    precision_low, precision_high = wilson(n_both, n)
    recall_low, recall_high = wilson(n_both, n_fired)
    terms = [[feature.terms[v] for v in found.values[i]] for i in kept]
    said = [words.rule(feature.kind, some) for some in terms]
    return {
        "row": found.row[kept],
        "layer": np.full(len(kept), layer),
        "kind": np.full(len(kept), feature.kind),
        "rule": _objects(said),
        "searched": _objects([words.searched(rule) for rule in said]),
        "terms": _objects(terms),
        "precision": n_both / n,
        "precision_low": precision_low,
        "precision_high": precision_high,
        "recall": n_both / n_fired,
        "recall_low": recall_low,
        "recall_high": recall_high,
        "base_rate": base[kept],
        "n_chosen": found.n_chosen[kept],
        "n": n,
        "n_fired": n_fired,
        "n_both": n_both,
        "n_held_out": np.full(len(kept), found.n_units),
        "q_value": q[kept],
        "phi": found.phi[kept],
    }


def _objects(values: list[Any]) -> Array:
    return np.fromiter(values, dtype=object, count=len(values))


def wilson(hits: Array, trials: Array) -> tuple[Array, Array]:
    """The 95 % intervals of shares (Wilson 1927), as the macros wilson_low and wilson_high."""
    n, square = np.maximum(trials, 1).astype(np.float64), _Z**2
    middle = (hits + square / 2) / (n + square)
    spread = _Z * np.sqrt(hits * (1 - hits / n) + square / 4) / (n + square)
    return np.clip(middle - spread, 0, 1), np.clip(middle + spread, 0, 1)


def descriptions(
    tokens: pa.Table,
    values: Values | None,
    layers: Iterable[tuple[int, Array, Array, Array, Array]],
    shape: tuple[int, int],
    seed: int,
    progress: Progress,
) -> pa.Table:
    """The table `neuron_descriptions`.

    layers: of each layer its number and what `Descriptions.add` takes; shape: layers, neurons of
    each.
    """
    found = Descriptions(tokens, values, shape[1], seed)
    with progress.bar("descriptions", shape[0], "layers") as bar:
        for layer in layers:
            found.add(*layer)
            bar.advance()
    return found.table()
