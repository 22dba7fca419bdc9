"""The tables about circuits of one's own sentences: one file for each asking. One pair each, chosen
and measured on the same.
"""

from __future__ import annotations

import pyarrow as pa

from kn_assets.lake.schema.columns import LAYER, TOKEN
from kn_assets.lake.schema.table import Column, Table

_FACT = Column("fact_id", pa.int32(), "below 0: the sentence with its contrast")
_RUN = Column("run", pa.string(), "the asking that made it; that of `asked_circuits` alone counts")

TABLES = (
    Table(
        "asked_circuits",
        "model",
        "Sentences of one's own, each beside a contrast, that a circuit was made of.",
        (
            _FACT,
            Column("text", pa.string(), "the beginning of a sentence"),
            Column("contrast", pa.string(), "another of as many tokens"),
            Column("answer", pa.string(), "as it was typed; empty: the model's likeliest token"),
            Column("contrast_answer", pa.string(), "the contrast's, likewise"),
            Column("answer_token", pa.string(), "the answer's token that is explained"),
            Column("against_token", pa.string(), "the contrast's"),
            Column("difference", pa.float32(), "logit(answer) - logit(against) after the sentence"),
            Column("n_units", pa.int32(), "neurons of its circuit"),
            Column("seconds", pa.float64(), "time that it took, without loading the model"),
            Column("asked_at", pa.string(), "when, in UTC; a later asking replaces an earlier one"),
            _RUN,
        ),
        ("fact_id", "run"),
    ),
    Table(
        "asked_units",
        "model",
        "Units of sentences of one's own: estimates, and effects of patching each alone.",
        (
            _FACT,
            Column(
                "kind",
                pa.string(),
                "neuron, head; of a layer at a token: mlp, attention; embedding",
            ),
            LAYER,
            Column("unit", pa.int32(), "number, from 0; -1 for a whole cell"),
            Column("position", pa.int16(), "token index in the prompt, from 0"),
            TOKEN,
            Column("role", pa.string(), "before, subject, subject last, relation or last"),
            Column("estimate", pa.float32(), "logits, by integrated gradients"),
            Column("effect", pa.float32(), "logits lost by patching it alone; null: not measured"),
            Column("rank", pa.int32(), "in the circuit, from 1; null where it isn't of it"),
            _RUN,
        ),
        ("fact_id", "kind", "layer", "unit", "position", "run"),
    ),
    Table(
        "asked_curves",
        "model",
        "What units of sentences of one's own buy, by number, on the pair they were chosen on.",
        (
            _FACT,
            Column("condition", pa.string(), "circuit; control: random"),
            Column("measure", pa.string(), "lost or kept"),
            Column("n_units", pa.int32(), "units patched, or left alone"),
            Column("share", pa.float32(), "of the logit difference; null where there is none"),
            _RUN,
        ),
        ("fact_id", "condition", "measure", "n_units", "run"),
    ),
)
