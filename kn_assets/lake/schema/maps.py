"""The tables of an atlas' maps."""

from __future__ import annotations

import pyarrow as pa

from kn_assets.lake.schema.columns import LAYER, NEURON, PLACE, PROMPT
from kn_assets.lake.schema.table import Column, Table

TABLES = (
    Table(
        "neuron_map",
        "model",
        "Neurons in the plane: their peaks over prompts, PCA to 50 dimensions, t-SNE to 2.",
        (LAYER, NEURON, *PLACE),
        ("layer", "neuron"),
    ),
    Table(
        "prompt_map",
        "model",
        "Prompts in the plane: the peaks of their neurons, PCA to 50 dimensions, t-SNE to 2.",
        (PROMPT, *PLACE),
        ("prompt_id",),
    ),
    Table(
        "map_clusters",
        "model",
        "The clusters of both maps, and what tells each from all other points.",
        (
            Column("kind", pa.string(), "neuron or prompt: which map"),
            Column("cluster", pa.int16(), "cluster of that map, from 0, the largest"),
            Column("n", pa.int32(), "points in it"),
            Column("x", pa.float32(), "place of its middle point"),
            Column("y", pa.float32(), "place of its middle point"),
            Column("label", pa.string(), "what many of its points have in common and few others"),
            Column(
                "countries",
                pa.list_(pa.string()),
                "of its prompts, or of the prompts its neurons fire on most, most telling first",
            ),
            Column(
                "country_lifts",
                pa.list_(pa.float32()),
                "how many times as common each country is here as among all points",
            ),
            Column(
                "vocabulary",
                pa.list_(pa.string()),
                "words its neurons promote, or of its prompts' texts, most telling first",
            ),
            Column(
                "evidence",
                pa.list_(pa.string()),
                "what each of `terms` is: reads (a phrase its neurons fire on or just after), "
                "name (of the prompt's city), country, promotes, sign, layers, text (of prompts)",
            ),
            Column(
                "terms", pa.list_(pa.string()), "what the label is made of, and sign and layers"
            ),
            Column(
                "shares", pa.list_(pa.float32()), "share of its points that each term is true of"
            ),
            Column(
                "shares_elsewhere",
                pa.list_(pa.float32()),
                "the same share of the points of all other clusters",
            ),
        ),
        ("kind", "cluster"),
    ),
)
