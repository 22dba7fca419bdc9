"""The tables of an atlas' maps."""

from __future__ import annotations

import pyarrow as pa

from kn_assets.lake.schema.columns import COORDINATES, LAYER, NEURON, PROMPT
from kn_assets.lake.schema.table import Column, Table

TABLES = (
    Table(
        "neuron_map",
        "model",
        "Neurons in the plane: their peaks over prompts, PCA to 50 dimensions, t-SNE to 2. "
        "Those that never fired are like no other and have no place.",
        (LAYER, NEURON, *COORDINATES),
        ("layer", "neuron"),
    ),
    Table(
        "prompt_map",
        "model",
        "Prompts in the plane: the peaks of their neurons, PCA to 50 dimensions, t-SNE to 2.",
        (PROMPT, *COORDINATES),
        ("prompt_id",),
    ),
    Table(
        "map_clusters",
        "model",
        "The clusters of both maps, and what sets each apart from all other points.",
        (
            Column("kind", pa.string(), "neuron or prompt: which map"),
            Column("cluster", pa.int16(), "cluster of that map, from 0, the largest"),
            Column("n", pa.int32(), "points in it"),
            Column("x", pa.float32(), "coordinate of its middle point"),
            Column("y", pa.float32(), "coordinate of its middle point"),
            Column(
                "label",
                pa.string(),
                "terms that a quarter of its points or more share and few others, each with that "
                "share; a pattern of the corpus where half of them share it and no term tells",
            ),
            Column(
                "countries",
                pa.list_(pa.string()),
                "of its prompts, or of its neurons' top activating prompts, most distinctive first",
            ),
            Column(
                "country_lifts",
                pa.list_(pa.float32()),
                "share of each country here over its share of all points",
            ),
            Column(
                "vocabulary",
                pa.list_(pa.string()),
                "words its neurons promote, or of its prompts' texts, most distinctive first",
            ),
            Column(
                "term_kinds",
                pa.list_(pa.string()),
                "kind of each term: phrase (its neurons fire on it or just after), "
                "name (of the prompt's city), country, promotes, sign, layers, text (of prompts); "
                "pattern and text pattern: a phrase or text that the corpus repeats whatever its "
                "prompts are about",
            ),
            Column(
                "terms",
                pa.list_(pa.string()),
                "what many of its points share and few others, in the label or not",
            ),
            Column("term_shares", pa.list_(pa.float32()), "share of its points with each term"),
            Column(
                "term_shares_elsewhere",
                pa.list_(pa.float32()),
                "the same share of the points of all other clusters",
            ),
        ),
        ("kind", "cluster"),
    ),
)
