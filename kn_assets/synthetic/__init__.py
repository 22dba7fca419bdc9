"""Made-up atlases with every table of the lake, consistent with each other, at any size.

Activations come from one made-up dense array, from which the fired rows (in both orders), peaks,
statistics and top tokens are derived exactly as their meanings in `kn_assets.lake.schema` say.
Names of cities are of the awkward sort: accents, markup, quotes, right-to-left and combining
letters. Blocks of whole neurons are made at a time, so that an atlas of 60 million rows needs
little memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kn_assets import lake as lakes
from kn_assets.lake import Lake, Partition
from kn_assets.synthetic.activations import thresholds, write_activations
from kn_assets.synthetic.circuits import add_circuits
from kn_assets.synthetic.context import attention, lens, neuron_vocabulary
from kn_assets.synthetic.corpus import write_corpus
from kn_assets.synthetic.dense import (
    FINGERPRINT,
    Columns,
    Shape,
    city_of,
    dense_blocks,
    lengths,
    neuron_columns,
    sinks,
    token_ids,
    tokens_index,
)
from kn_assets.synthetic.descriptions import descriptions
from kn_assets.synthetic.knowledge import add_facts, add_knowledge
from kn_assets.synthetic.lenses import write_lenses
from kn_assets.synthetic.text import vocabulary
from kn_assets.synthetic.training import add_training
from kn_assets.synthetic.write import atlas_row, columns_of, norms, write

__all__ = [
    "FINGERPRINT",
    "Shape",
    "add_circuits",
    "add_training",
    "city_of",
    "dense_blocks",
    "lengths",
    "make_lake",
    "sinks",
    "token_ids",
]


def make_lake(
    root: str | Path,
    model: str = "tiny",
    corpus: str = "made",
    final: bool = False,
    **shape: Any,
) -> Lake:
    """Write a corpus and an atlas of it under `root`; `shape` are fields of `Shape`.

    final: interventions have the control `final` too, as those of a step of training.

    Called again with the same corpus and another model it adds an atlas. The corpus holds
    `extra_prompts` prompts and one city more than the atlas. Every fourth prompt is shorter than
    `n_tokens`. With `bfloat16` activations are rounded as a model run in that dtype gives them.
    """
    lake = Lake(root)
    size = Shape(**shape)
    lake.make(lake.root)
    where, place = lakes.model(model), lakes.corpus(corpus)
    write_corpus(lake, place, size)
    _write_atlas(lake, where, corpus, size)
    add_facts(lake, place, FINGERPRINT)
    shape_of = (size.n_layers, size.n_neurons)
    add_knowledge(lake, where, place, *shape_of, FINGERPRINT, size.seed, final)
    return lake


def _write_atlas(lake: Lake, where: Partition, corpus: str, size: Shape) -> None:
    threshold = thresholds(size)
    _write_tokens(lake, where, size)
    write_activations(lake, where, size, threshold)
    write(lake, where, "logit_lens", lens(size))
    write(lake, where, "attention", attention(size))
    write_lenses(lake, where, size)
    write(lake, where, "neuron_vocabulary", neuron_vocabulary(size))
    write(lake, where, "neuron_descriptions", [descriptions(size)])
    rng = np.random.default_rng([size.seed, 5])
    layer, neuron = neuron_columns(size)
    x, y = rng.standard_normal((2, len(layer))) * 20
    silent = lake.read(where, "neurons", ["n_fired"])["n_fired"].to_numpy() == 0
    cluster = np.where(silent, -1, rng.integers(-1, 12, len(x)))
    place = {"x": x, "y": y, "cluster": cluster}
    placed = place | {axis: pa.array(place[axis], mask=silent) for axis in ("x", "y")}
    write(lake, where, "neuron_map", [{"layer": layer, "neuron": neuron, **placed}])
    clusters = [_clusters("neuron", place)]
    x, y = rng.standard_normal((2, size.n_prompts)) * 20
    prompts = np.arange(size.n_prompts)
    place = {"x": x, "y": y, "cluster": rng.integers(-1, 12, len(x))}
    write(lake, where, "prompt_map", [{"prompt_id": prompts, **place}])
    write(lake, where, "map_clusters", [*clusters, _clusters("prompt", place)])
    write(
        lake,
        where,
        "thresholds",
        [
            {
                "layer": np.arange(size.n_layers),
                "threshold": threshold,
                "target_density": np.full(size.n_layers, size.density),
                **norms(size.n_layers),
            }
        ],
    )
    write(lake, where, "atlases", [columns_of([atlas_row(corpus, size, "float32")])])


def _clusters(kind: str, place: Columns) -> Columns:
    """Those clusters of a map that have points, with awkward names."""
    found, counts = np.unique(place["cluster"][place["cluster"] >= 0], return_counts=True)
    middle = {
        axis: [float(np.mean(place[axis][place["cluster"] == c])) for c in found]
        for axis in ("x", "y")
    }
    return {
        "kind": [kind] * len(found),
        "cluster": found,
        "n": counts,
        **middle,
        "label": [f"Côte d'Ivoire · <b>{c}" for c in found],
        "countries": [["Côte d'Ivoire", "Japan"][: c % 3] for c in found],
        "country_lifts": [[4.5, 1.25][: c % 3] for c in found],
        "vocabulary": [["<b>", "naïve"][: c % 3] for c in found],
        "term_kinds": [["country", "phrase"][: c % 3] for c in found],
        "terms": [["Côte d'Ivoire", "<b>"][: c % 3] for c in found],
        "term_shares": [[0.5, 0.25][: c % 3] for c in found],
        "term_shares_elsewhere": [[0.125, 0.0][: c % 3] for c in found],
    }


def _write_tokens(lake: Lake, where: Partition, size: Shape) -> None:
    prompt, position = tokens_index(size)
    ids = token_ids(size)[prompt, position]
    words = np.array(vocabulary(size.n_vocabulary), dtype=object)
    columns = {
        "prompt_id": prompt,
        "position": position,
        "token_id": ids,
        "token": words[ids],
        "sink": sinks(size)[prompt, position],
    }
    write(lake, where, "tokens", [columns])
