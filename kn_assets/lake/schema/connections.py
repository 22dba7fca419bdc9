"""The tables about how a circuit's units hang together: what heads bring, and what is lost without.

All is of the prompt that the fact's units were chosen on, beside its first contrast.
"""

from __future__ import annotations

import pyarrow as pa

from kn_assets.lake.schema.columns import FACT, FACT_PROMPT, FACT_SET, LAYER
from kn_assets.lake.schema.table import Column, Table

TABLES = (
    Table(
        "circuit_heads",
        "model",
        "From which tokens to which a fact's strongest heads carry its answer: attention weight "
        "times what the value there does for the logit difference.",
        (
            FACT,
            FACT_PROMPT,
            LAYER,
            Column("head", pa.int16(), "attention head, from 0"),
            Column("position", pa.int16(), "token that it carries to, index from 0"),
            Column("source_position", pa.int16(), "token that it carries from"),
            Column("source_token", pa.string(), "its text"),
            Column("weight", pa.float32(), "attention weight"),
            Column(
                "direct",
                pa.float32(),
                "logits that it writes toward the answer from there, norm's scale held; 0 but at "
                "the last token",
            ),
            Column(
                "relevance",
                pa.float32(),
                "logits that it carries toward the answer from there through all later units, "
                "what isn't linear held; null where relevance isn't conserved",
            ),
            FACT_SET,
        ),
        ("fact_id", "prompt", "layer", "head", "position", "source_position"),
    ),
    Table(
        "attention_knockout",
        "model",
        "What the logit difference loses where some tokens no longer look at others: scores set to "
        "minus infinity before the softmax.",
        (
            FACT,
            FACT_PROMPT,
            Column("first_layer", pa.int16(), "first layer in which they are set"),
            Column("last_layer", pa.int16(), "last one, inclusive"),
            Column("head", pa.int16(), "the only head that is changed; -1: all"),
            Column("position", pa.int16(), "token that no longer looks; of several the first"),
            Column(
                "from_role",
                pa.string(),
                "its role: subject, subject last, relation (all of them at once) or last",
            ),
            Column(
                "to_role",
                pa.string(),
                "tokens that it no longer sees: subject, or other: all but the subject and itself",
            ),
            Column("difference_before", pa.float32(), "logit difference of the prompt"),
            Column("difference_after", pa.float32(), "logit difference with the change"),
            Column(
                "lost",
                pa.float32(),
                "share of the logit difference lost; null where the prompt has none",
            ),
            FACT_SET,
        ),
        (
            *("fact_id", "prompt", "first_layer", "last_layer", "head", "position"),
            *("from_role", "to_role"),
        ),
    ),
    Table(
        "circuit_edges",
        "model",
        "What a unit of a fact's circuit gives to a later one directly, or to the answer: the "
        "strongest edges, which together make 80 % of all between its strongest units and heads.",
        (
            FACT,
            FACT_PROMPT,
            Column("rank", pa.int16(), "from 1, the largest score in size"),
            Column("earlier_kind", pa.string(), "neuron or head"),
            Column("earlier_layer", pa.int16(), "its transformer block, from 0"),
            Column("earlier_unit", pa.int32(), "its number, from 0"),
            Column("earlier_position", pa.int16(), "its token, index from 0"),
            Column("later_kind", pa.string(), "neuron, head, or answer: the logit difference"),
            Column("later_layer", pa.int16(), "its block; the number of layers for the answer"),
            Column("later_unit", pa.int32(), "its number; -1 for the answer"),
            Column("later_position", pa.int16(), "its token"),
            Column(
                "score",
                pa.float32(),
                "logits of the later one's relevance that come from what the earlier one has more "
                "than in the contrast, through no unit between",
            ),
            Column(
                "effect",
                pa.float32(),
                "logits lost by path patching: the earlier one alone at the contrast's value, for "
                "the later one alone; null where not measured",
            ),
            FACT_SET,
        ),
        ("fact_id", "prompt", "rank"),
    ),
)
