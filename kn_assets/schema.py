"""Every table of the lake: its columns with their types and meanings, and what partitions it.

One registry serves the writers (Parquet schemas), the database (views over whatever files exist),
Dagster (column schemas in the asset metadata) and the README. Two kinds of partition exist:
`corpus` tables lie under `corpus/corpus=<name>/<table>/`, `model` tables under
`atlas/model=<key>/<table>/`. The partition column itself is in the path, not in the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

Kind = Literal["corpus", "model"]


@dataclass(frozen=True)
class Column:
    """One column: name, Arrow type, and what the value means (with its unit where it has one)."""

    name: str
    type: pa.DataType
    meaning: str


@dataclass(frozen=True)
class Table:
    """One table of the lake.

    `key` names the columns which, with the partition, identify a row; `kind` is the partition.
    """

    name: str
    kind: Kind
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the files, without the partition column."""
        return pa.schema([pa.field(c.name, c.type) for c in self.columns])

    @property
    def names(self) -> list[str]:
        return [c.name for c in self.columns]


_PROMPT = Column("prompt_id", pa.int32(), "prompt, numbered from 0 in the corpus' order")
_CITY = Column("city_id", pa.int64(), "city: GeoNames id, or its place in the corpus' own list")
_POSITION = Column("position", pa.int16(), "token index in the prompt, from 0")
_LAYER = Column("layer", pa.int16(), "transformer block, from 0")
_NEURON = Column("neuron", pa.int32(), "unit of the MLP's hidden layer, from 0")
_ACTIVATION = Column(
    "activation", pa.float32(), "value at the input of the MLP's output projection"
)
_SIGN = Column("sign", pa.int8(), "+1: largest values first, -1: smallest values first")
_TOKEN_ID = Column("token_id", pa.int32(), "id in the model's vocabulary")
_TOKEN = Column("token", pa.string(), "text of the token")
_PLACE = (
    Column("x", pa.float32(), "place in the plane, in no unit"),
    Column("y", pa.float32(), "place in the plane, in no unit"),
    Column("cluster", pa.int16(), "cluster in the plane, 0 the largest; -1 where there is none"),
)

_TABLES = (
    Table(
        "cities",
        "corpus",
        "The cities of a corpus.",
        (
            _CITY,
            Column("name", pa.string(), "name in English"),
            Column("country", pa.string(), "name of the country"),
            Column("country_code", pa.string(), "ISO 3166-1 alpha-2"),
            Column("continent", pa.string(), "name of the continent"),
            Column("population", pa.int64(), "inhabitants"),
            Column("is_capital", pa.bool_(), "capital of its country"),
            Column("latitude", pa.float64(), "degrees north"),
            Column("longitude", pa.float64(), "degrees east"),
            Column("url", pa.string(), "page the description comes from or can be read at"),
            Column("source", pa.string(), "where the row comes from, with its licence"),
            Column("alternate_names", pa.list_(pa.string()), "native and former names"),
        ),
        ("city_id",),
    ),
    Table(
        "pages",
        "corpus",
        "Raw pages as they were fetched: the cache that a scrape resumes from.",
        (
            _CITY,
            Column("title", pa.string(), "title after redirects"),
            Column("url", pa.string(), "address that was fetched"),
            Column("final_url", pa.string(), "address after redirects"),
            Column("revision", pa.int64(), "revision id of the page"),
            Column("fetched_at", pa.timestamp("s", "UTC"), "time of the last fetch"),
            Column("status", pa.int16(), "HTTP status, 0 where no answer came"),
            Column("reason", pa.string(), "why the page gives no prompt, null where it does"),
            Column("html", pa.binary(), "body, zstd-compressed"),
            Column("licence", pa.string(), "licence of the page's text"),
        ),
        ("city_id",),
    ),
    Table(
        "prompts",
        "corpus",
        "One cleaned description for each city.",
        (_PROMPT, _CITY, Column("text", pa.string(), "first 1,000 characters of the description")),
        ("prompt_id",),
    ),
    Table(
        "tokens",
        "model",
        "The prompts as the model reads them: cut to the atlas' number of tokens.",
        (_PROMPT, _POSITION, _TOKEN_ID, _TOKEN),
        ("prompt_id", "position"),
    ),
    Table(
        "activations",
        "model",
        "Fired neurons only, in the order of prompts: |activation| >= the layer's threshold.",
        (_PROMPT, _POSITION, _LAYER, _NEURON, _ACTIVATION),
        ("prompt_id", "position", "layer", "neuron"),
    ),
    Table(
        "activations_by_neuron",
        "model",
        "The rows of `activations` once more, in the order of neurons: the order is the index.",
        (_LAYER, _NEURON, _PROMPT, _POSITION, _ACTIVATION),
        ("layer", "neuron", "prompt_id", "position"),
    ),
    Table(
        "neuron_peaks",
        "model",
        "A neuron's value at its strongest position past 0 in each prompt where it fired there.",
        (_LAYER, _NEURON, _PROMPT, _POSITION, _ACTIVATION),
        ("layer", "neuron", "prompt_id"),
    ),
    Table(
        "neurons",
        "model",
        "Exact statistics of each neuron over all tokens of all prompts but those at position 0.",
        (
            _LAYER,
            _NEURON,
            Column("n_fired", pa.int64(), "tokens at which it fired"),
            Column("firing_rate", pa.float64(), "n_fired over the number of tokens"),
            Column("mean", pa.float64(), "mean activation"),
            Column("std", pa.float64(), "standard deviation (population)"),
            Column("min", pa.float32(), "smallest activation"),
            Column("max", pa.float32(), "largest activation"),
            Column("top_prompt_id", pa.int32(), "prompt of its strongest token by |activation|"),
            Column("top_position", pa.int16(), "position of that token"),
            Column("top_activation", pa.float32(), "activation there"),
        ),
        ("layer", "neuron"),
    ),
    Table(
        "neuron_top",
        "model",
        "Each neuron's strongest tokens, exact over all tokens but those at position 0.",
        (
            _LAYER,
            _NEURON,
            _SIGN,
            Column("rank", pa.int16(), "from 1; ties by prompt, then position"),
            _PROMPT,
            _POSITION,
            _ACTIVATION,
        ),
        ("layer", "neuron", "sign", "rank"),
    ),
    Table(
        "logit_lens",
        "model",
        "The five likeliest next tokens after each layer: softmax(W_U norm_f(h)).",
        (
            _PROMPT,
            _POSITION,
            _LAYER,
            Column("rank", pa.int8(), "from 1, the likeliest"),
            _TOKEN_ID,
            _TOKEN,
            Column("probability", pa.float32(), "over the whole vocabulary"),
            Column("next_probability", pa.float32(), "of the token that follows; null at the end"),
            Column("next_rank", pa.int32(), "rank of that token, from 1; null at the end"),
        ),
        ("prompt_id", "position", "layer", "rank"),
    ),
    Table(
        "attention",
        "model",
        "Attention from each position to itself and those before it, mean over heads.",
        (
            _PROMPT,
            _LAYER,
            _POSITION,
            Column("source_position", pa.int16(), "position attended to"),
            Column("weight", pa.float32(), "mean over heads; sums to 1 over the sources"),
        ),
        ("prompt_id", "layer", "position", "source_position"),
    ),
    Table(
        "thresholds",
        "model",
        "What `fired` means in each layer of the atlas.",
        (
            _LAYER,
            Column("threshold", pa.float32(), "|activation| at or over which a neuron fired"),
            Column("target_density", pa.float64(), "share aimed at; null where it was set by hand"),
        ),
        ("layer",),
    ),
    Table(
        "neuron_vocabulary",
        "model",
        "Tokens a neuron's value vector promotes (+1) and suppresses (-1): W_U v, raw.",
        (
            _LAYER,
            _NEURON,
            _SIGN,
            Column("rank", pa.int16(), "from 1"),
            _TOKEN_ID,
            _TOKEN,
            Column("score", pa.float32(), "entry of W_U v (Geva et al. 2022)"),
        ),
        ("layer", "neuron", "sign", "rank"),
    ),
    Table(
        "neuron_map",
        "model",
        "Neurons in the plane: their peaks over prompts, PCA to 50 dimensions, t-SNE to 2.",
        (_LAYER, _NEURON, *_PLACE),
        ("layer", "neuron"),
    ),
    Table(
        "prompt_map",
        "model",
        "Prompts in the plane: the peaks of their neurons, PCA to 50 dimensions, t-SNE to 2.",
        (_PROMPT, *_PLACE),
        ("prompt_id",),
    ),
    Table(
        "atlases",
        "model",
        "What each atlas was made of: enough to make it again.",
        (
            Column("corpus", pa.string(), "corpus of its prompts"),
            Column("created_at", pa.timestamp("s", "UTC"), "time of the run"),
            Column("n_prompts", pa.int32(), "prompts in the atlas"),
            Column("n_layers", pa.int16(), "layers of the model"),
            Column("n_neurons", pa.int32(), "neurons in each layer"),
            Column("versions", pa.string(), "JSON: package -> version"),
            Column("settings", pa.string(), "JSON: setting -> value"),
        ),
        (),
    ),
)

TABLES: dict[str, Table] = {t.name: t for t in _TABLES}
"""All tables by name."""
