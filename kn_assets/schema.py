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
    `row_group` is the number of rows that are read together: a look-up costs as much as decoding
    one of them, and pruning the others a few microseconds each.
    """

    name: str
    kind: Kind
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    row_group: int = 1 << 20

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
        row_group=1 << 18,
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
        row_group=1 << 18,
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

_FACT = Column("fact_id", pa.int32(), "fact, numbered from 0 in the corpus")
_PARAPHRASE = Column("paraphrase", pa.int16(), "wording of the fact, from 0")
_SCORE = Column("score", pa.float32(), "share of the answer's probability (Dai et al. 2021)")
_KIND = Column("kind", pa.string(), "suppress: activations times 0; amplify: times the factor")
_CONTROL = Column(
    "control", pa.string(), "refined: the fact's own neurons; random, matched, unrelated: controls"
)

_KNOWLEDGE = (
    Table(
        "facts",
        "corpus",
        "Facts to look for in a model: subject, relation, object.",
        (
            _FACT,
            Column("relation", pa.string(), "name of the relation, e.g. city-country"),
            Column("subject", pa.string(), "what the fact is about"),
            Column("object", pa.string(), "the answer"),
            Column("city_id", pa.int64(), "city it is about; null where it is about none"),
        ),
        ("fact_id",),
    ),
    Table(
        "fact_prompts",
        "corpus",
        "Beginnings of sentences which a fact's object ends, in several wordings.",
        (_FACT, _PARAPHRASE, Column("text", pa.string(), "ends right before the object")),
        ("fact_id", "paraphrase"),
    ),
    Table(
        "fact_answers",
        "model",
        "What the model answers to each prompt: the object's first distinguishing token.",
        (
            _FACT,
            _PARAPHRASE,
            Column("given", pa.string(), "beginning of the object that the prompt was given"),
            Column("position", pa.int16(), "the answer position: the last token's index"),
            Column("answer_token_id", pa.int32(), "id in the model's vocabulary"),
            Column("answer_token", pa.string(), "text of that token"),
            Column("probability", pa.float32(), "of the answer as next token"),
            Column("rank", pa.int32(), "of the answer, from 1; 1 is a fact the model knows"),
            Column("top", pa.list_(pa.string()), "the five likeliest next tokens"),
            Column("top_probabilities", pa.list_(pa.float32()), "their probabilities"),
        ),
        ("fact_id", "paraphrase"),
    ),
    Table(
        "attributions",
        "model",
        "Neurons that an answer is attributed to, at the answer position: scores over the floor.",
        (_FACT, _PARAPHRASE, _LAYER, _NEURON, _SCORE),
        ("fact_id", "paraphrase", "layer", "neuron"),
    ),
    Table(
        "attribution_error",
        "model",
        "Completeness: a layer's attributions sum to P(actual) - P(layer zeroed), or nearly so.",
        (
            _FACT,
            _PARAPHRASE,
            _LAYER,
            Column("total", pa.float64(), "sum of the scores of all the layer's neurons"),
            Column("difference", pa.float64(), "P(actual) - P(layer zeroed at the position)"),
            Column("gap", pa.float64(), "|total - difference| / |difference|; null where that's 0"),
        ),
        ("fact_id", "paraphrase", "layer"),
    ),
    Table(
        "knowledge_neurons",
        "model",
        "A fact's neurons: those which its wordings share.",
        (
            _FACT,
            _LAYER,
            _NEURON,
            Column("share", pa.float32(), "of the fact's wordings in whose coarse set it is"),
            Column("score", pa.float32(), "mean attribution over the fact's wordings"),
        ),
        ("fact_id", "layer", "neuron"),
    ),
    Table(
        "interventions",
        "model",
        "An answer before and after neurons were changed at the answer position.",
        (
            Column("fact_id", pa.int32(), "fact whose neurons were changed"),
            _PARAPHRASE,
            _KIND,
            _CONTROL,
            Column("factor", pa.float32(), "what the activations were multiplied by"),
            Column("n_neurons", pa.int32(), "neurons changed"),
            Column("prompt_fact_id", pa.int32(), "fact asked for: another one where unrelated"),
            Column("probability_before", pa.float32(), "of the asked fact's answer"),
            Column("probability_after", pa.float32(), "of the asked fact's answer"),
            Column("rank_before", pa.int32(), "from 1"),
            Column("rank_after", pa.int32(), "from 1"),
            Column("top_before", pa.list_(pa.string()), "the five likeliest next tokens"),
            Column("top_after", pa.list_(pa.string()), "the five likeliest next tokens"),
        ),
        ("fact_id", "paraphrase", "kind", "control"),
    ),
    Table(
        "intervention_effects",
        "model",
        "Effect of changing neurons by relation: mean change of P(answer) over mean P(answer).",
        (
            Column("relation", pa.string(), "name of the relation"),
            _KIND,
            _CONTROL,
            Column("factor", pa.float32(), "what the activations were multiplied by"),
            Column("n_facts", pa.int32(), "facts whose neurons were changed"),
            Column("mean_neurons", pa.float64(), "neurons changed, mean over facts"),
            Column("mean_before", pa.float64(), "mean probability before"),
            Column("mean_after", pa.float64(), "mean probability after"),
            Column("ratio", pa.float64(), "mean change over mean probability before"),
            Column("low", pa.float64(), "2.5th percentile of the ratio, facts resampled"),
            Column("high", pa.float64(), "97.5th percentile of the ratio, facts resampled"),
        ),
        ("relation", "kind", "control"),
    ),
    Table(
        "neuron_concepts",
        "model",
        "What a neuron's peaks mark: values of the cities' metadata, false-discovery controlled.",
        (
            _LAYER,
            _NEURON,
            Column("attribute", pa.string(), "country, continent, capital or population"),
            Column("value", pa.string(), "value of the attribute"),
            Column("n", pa.int32(), "prompts with that value"),
            Column("precision", pa.float32(), "share of the prompts where it fired with the value"),
            Column("recall", pa.float32(), "share of the prompts with the value where it fired"),
            Column("lift", pa.float32(), "precision over the value's share of all prompts"),
            Column("auroc", pa.float32(), "of |peak|, 0 where it didn't fire, for the value"),
            Column("q_value", pa.float64(), "exact test of firing, Benjamini-Hochberg over all"),
        ),
        ("layer", "neuron", "attribute", "value"),
    ),
)

_STEP = Column("step", pa.int32(), "optimizer step of the checkpoint")

_STEPS = (
    Table(
        "fact_lens",
        "model",
        "What each layer would answer to a fact's prompt: logit lens at the answer position.",
        (
            _FACT,
            _PARAPHRASE,
            _LAYER,
            Column("probability", pa.float32(), "of the answer, softmax(W_U norm_f(h))"),
            Column("rank", pa.int32(), "of the answer, from 1"),
        ),
        ("fact_id", "paraphrase", "layer"),
    ),
    Table(
        "fact_steps",
        "model",
        "A fact through training; the partition is the model without its step.",
        (
            _STEP,
            _FACT,
            _PARAPHRASE,
            Column("probability", pa.float32(), "of the answer as next token"),
            Column("rank", pa.int32(), "of the answer, from 1"),
            Column(
                "decided_layer",
                pa.int16(),
                "first layer from which the lens ranks the answer 1 to the end; null if never",
            ),
        ),
        ("step", "fact_id", "paraphrase"),
    ),
    Table(
        "neuron_steps",
        "model",
        "A neuron through training; the partition is the model without its step.",
        (
            _STEP,
            _LAYER,
            _NEURON,
            Column("firing_rate", pa.float64(), "share of tokens, at that step's threshold"),
            Column("alive", pa.bool_(), "firing_rate is at least the floor"),
            Column("top_iou", pa.float32(), "top prompts shared with the last step, of all either"),
        ),
        ("step", "layer", "neuron"),
    ),
    Table(
        "layer_steps",
        "model",
        "Births and deaths of neurons; the partition is the model without its step.",
        (
            _STEP,
            _LAYER,
            Column("n_alive", pa.int32(), "neurons alive"),
            Column("births", pa.int32(), "alive now, not at the step before; null at the first"),
            Column("deaths", pa.int32(), "alive at the step before, not now; null at the first"),
            Column("mean_top_iou", pa.float64(), "mean of top_iou over the neurons alive now"),
        ),
        ("step", "layer"),
    ),
    Table(
        "neuron_map_steps",
        "model",
        "Neurons in the plane, each step begun at the one before; partition: model without step.",
        (_STEP, _LAYER, _NEURON, *_PLACE),
        ("step", "layer", "neuron"),
    ),
)

TABLES: dict[str, Table] = {t.name: t for t in _TABLES}
"""The tables of a corpus and its atlases by name."""

KNOWLEDGE: dict[str, Table] = {t.name: t for t in _KNOWLEDGE}
"""The tables about facts, made after an atlas and apart from it."""

STEPS: dict[str, Table] = {t.name: t for t in _STEPS}
"""The tables about a model's training, made from the atlases of its steps."""

ALL: dict[str, Table] = {**TABLES, **KNOWLEDGE, **STEPS}
"""All tables by name."""
