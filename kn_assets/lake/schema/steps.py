"""The tables about a model's training, over the atlases of its steps."""

from __future__ import annotations

import pyarrow as pa

from kn_assets.lake.schema.columns import FACT, LAYER, NEURON, PARAPHRASE, PLACE
from kn_assets.lake.schema.table import Column, Table

_STEP = Column("step", pa.int32(), "optimizer step of the checkpoint")

TABLES = (
    Table(
        "fact_lens",
        "model",
        "What each layer would answer to a fact's prompt: logit lens at the answer position.",
        (
            FACT,
            PARAPHRASE,
            LAYER,
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
            FACT,
            PARAPHRASE,
            Column("taught", pa.bool_(), "training told this wording; null where that's unknown"),
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
            LAYER,
            NEURON,
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
            LAYER,
            Column("n_alive", pa.int32(), "neurons alive"),
            Column("births", pa.int32(), "alive now, not at the step before; null at the first"),
            Column("deaths", pa.int32(), "alive at the step before, not now; null at the first"),
            Column("mean_top_iou", pa.float64(), "mean of top_iou over the neurons alive now"),
        ),
        ("step", "layer"),
    ),
    Table(
        "training_log",
        "model",
        "What a run of `kn train` noted as it went; the partition is the model without its step.",
        (
            Column("step", pa.int32(), "optimizer steps done"),
            Column("loss", pa.float64(), "nats a token, mean since the row before; null at 0"),
            Column("lr", pa.float64(), "learning rate"),
            Column("tokens", pa.int64(), "tokens trained on so far"),
            Column("seconds", pa.float64(), "spent in steps so far, by the clock"),
            Column("cpu_seconds", pa.float64(), "spent in steps so far, of processors"),
            Column("known", pa.float64(), "share of facts known in a wording told; null: unasked"),
            Column("known_unseen", pa.float64(), "share known in a wording never told"),
            Column("n_facts", pa.int32(), "city -> country facts asked"),
        ),
        ("step",),
    ),
    Table(
        "neuron_map_steps",
        "model",
        "Neurons in the plane, each step begun at the one before; partition: model without step.",
        (_STEP, LAYER, NEURON, *PLACE),
        ("step", "layer", "neuron"),
    ),
)
