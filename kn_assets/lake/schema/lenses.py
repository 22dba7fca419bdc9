"""The tables of the linear lens."""

from __future__ import annotations

import pyarrow as pa

from kn_assets.lake.schema import atlas
from kn_assets.lake.schema.columns import LAYER
from kn_assets.lake.schema.table import Column, Table

_LENS = Column(
    "lens",
    pa.string(),
    "linear: the linear lens; middle: the logit lens between the layer's attention and its MLP",
)
(_STORED,) = (table for table in atlas.TABLES if table.name == "logit_lens")
(_PROMOTED,) = (table for table in atlas.TABLES if table.name == "neuron_vocabulary")

TABLES = (
    Table(
        "lens_translators",
        "model",
        "The linear lens: an affine map from each layer's residual stream to the last layer's, by "
        "least squares over the atlas' prompts. The last layer has none: its own is the identity.",
        (
            LAYER,
            Column(
                "dimension", pa.int32(), "of the layer's stream, from 0; -1: what is added to all"
            ),
            Column(
                "weights",
                pa.list_(pa.float32()),
                "what it adds to each dimension of the last layer's stream; 13 bits of mantissa",
            ),
        ),
        ("layer", "dimension"),
        row_group=1 << 12,
    ),
    Table(
        "lens_quality",
        "model",
        "How far each lens is from the model's own output after each layer, over prompts that had "
        "no part in fitting it.",
        (
            LAYER,
            Column("lens", pa.string(), "logit or linear"),
            Column("kl", pa.float64(), "KL(model || lens) in nats, mean over tokens"),
            Column("kl_median", pa.float64(), "its median over tokens"),
            Column("top1_agreement", pa.float64(), "share of tokens with the same likeliest token"),
            Column("n_tokens", pa.int32(), "tokens of held-out prompts, attention sinks left out"),
            Column("n_prompts", pa.int32(), "held-out prompts"),
            Column(
                "ridge",
                pa.float64(),
                "ridge over the mean variance of the stream's dimensions, as the validation "
                "prompts chose it; null where no map was fitted",
            ),
        ),
        ("layer", "lens"),
    ),
    Table(
        "lens_readings",
        "model",
        "Other lenses than the logit lens, of prompts that were opened in the app: the columns of "
        "`logit_lens`.",
        (_STORED.columns[0], _LENS, *_STORED.columns[1:]),
        ("lens", "prompt_id", "position", "layer", "rank"),
        row_group=1 << 16,
    ),
    Table(
        "neuron_vocabulary_linear",
        "model",
        "Tokens a neuron's value vector promotes (+1) and suppresses (-1) in the last layer's "
        "terms: W_U of what the linear lens makes of it. In the last layer as in "
        "`neuron_vocabulary`; empty where no lens was fitted.",
        (
            *_PROMOTED.columns[:-1],
            Column("score", pa.float32(), "entry of W_U A v, A the map of the neuron's layer"),
        ),
        _PROMOTED.key,
        row_group=1 << 16,
    ),
)
