"""What the tests of views and macros look for, computed from the tables' Arrow, without SQL."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import duckdb
import numpy as np

from kn_assets import lake
from kn_assets.lake import Lake
from kn_assets.lake.schema import TABLES
from kn_assets.synthetic import Shape, dense_blocks

MODEL, SIZE = "tiny", Shape(seed=3)
LAYER, NEURON, PROMPT = 1, 11, 3


def ask(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """Rows as dicts."""
    return connection.cursor().sql(sql).to_arrow_table().to_pylist()


def rows(atlas: Lake, name: str, key: str = MODEL, **where: Any) -> list[dict[str, Any]]:
    """The rows of a table's files, filtered here."""
    kind = TABLES[name].kind
    found = atlas.read(lake.Partition(kind, key), name).to_pylist()
    return [r for r in found if all(r[k] == v for k, v in where.items())]


def cities_of_prompts(atlas: Lake, key: str = "made") -> Any:
    by_id = {c["city_id"]: c for c in rows(atlas, "cities", key)}
    return {p["prompt_id"]: by_id[p["city_id"]] for p in rows(atlas, "prompts", key)}


def dense() -> np.ndarray:
    """The made-up activations, [layer, neuron, prompt, position], NaN past a prompt's end."""
    whole = np.zeros((SIZE.n_layers, SIZE.n_neurons, SIZE.n_prompts, SIZE.n_tokens), np.float32)
    for layer, first, values in dense_blocks(SIZE):
        whole[layer, first : first + len(values)] = values
    return whole


def peaks_by_strength(atlas: Lake, layer: int, neuron: int) -> Any:
    found = rows(atlas, "neuron_peaks", layer=layer, neuron=neuron)
    return sorted(found, key=lambda r: (-abs(r["activation"]), r["prompt_id"]))


def check_prompt_row(atlas: Lake, row: dict[str, Any], layer: int, neuron: int) -> None:
    """Tokens, activations and city of a row of neuron_prompts or neuron_sample."""
    tokens = rows(atlas, "tokens", prompt_id=row["prompt_id"])
    assert row["tokens"] == [t["token"] for t in tokens]
    fired = {
        r["position"]: r["activation"]
        for r in rows(atlas, "activations", prompt_id=row["prompt_id"], layer=layer, neuron=neuron)
    }
    assert row["activations"] == [fired.get(i) for i in range(len(tokens))]
    city = cities_of_prompts(atlas)[row["prompt_id"]]
    assert (row["name"], row["country"]) == (city["name"], city["country"])


def busiest(atlas: Lake) -> Any:
    counts = defaultdict(int)
    for r in rows(atlas, "neuron_peaks"):
        counts[r["layer"], r["neuron"]] += 1
    return max(counts, key=counts.get)
