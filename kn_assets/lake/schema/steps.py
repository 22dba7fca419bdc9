"""The tables about a model's training, over the atlases of its checkpoints."""

from __future__ import annotations

import pyarrow as pa

from kn_assets.lake.schema.columns import COORDINATES, FACT, FACT_PROMPT, FACT_SET, LAYER, NEURON
from kn_assets.lake.schema.table import Column, Table

_STEP = Column("step", pa.int32(), "optimizer step of the checkpoint")

TABLES = (
    Table(
        "fact_lens",
        "model",
        "Logit lens where a fact's prompt is answered, after each layer.",
        (
            FACT,
            FACT_PROMPT,
            LAYER,
            Column("probability", pa.float32(), "of the answer, softmax(W_U norm_f(h))"),
            Column("rank", pa.int32(), "of the answer, from 1; the worst of a tie"),
            Column("logprob", pa.float32(), "log-probability of the whole object, nats"),
            Column("greedy", pa.bool_(), "each token of the object is likelier than every other"),
            FACT_SET,
        ),
        ("fact_id", "prompt", "layer"),
    ),
    Table(
        "fact_steps",
        "model",
        "A fact through training; the partition is the model without its step.",
        (
            _STEP,
            FACT,
            FACT_PROMPT,
            Column("trained", pa.bool_(), "the training text had this prompt; null where unknown"),
            Column("probability", pa.float32(), "of the answer as next token"),
            Column("rank", pa.int32(), "of the answer, from 1; the worst of a tie"),
            Column(
                "saturation_layer",
                pa.int16(),
                "first layer from which on the lens ranks the answer first; null where none",
            ),
            Column("logprob", pa.float32(), "log-probability of the whole object, nats"),
            Column("greedy", pa.bool_(), "greedy decoding says the whole object"),
            FACT_SET,
        ),
        ("step", "fact_id", "prompt"),
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
            Column(
                "final_overlap",
                pa.float32(),
                "IoU of top activating prompts now and at the last checkpoint",
            ),
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
            Column("mean_final_overlap", pa.float64(), "mean over the neurons alive now"),
        ),
        ("step", "layer"),
    ),
    Table(
        "training_log",
        "model",
        "Log of a run of `kn train`; the partition is the model without its step.",
        (
            Column("step", pa.int32(), "optimizer steps done"),
            Column("loss", pa.float64(), "nats a token, mean since the row before; null at 0"),
            Column("lr", pa.float64(), "learning rate"),
            Column("tokens", pa.int64(), "tokens trained on so far"),
            Column("seconds", pa.float64(), "wall time of the steps so far"),
            Column("cpu_seconds", pa.float64(), "processor time of the steps so far"),
            Column(
                "known_trained",
                pa.float64(),
                "share of facts known in trained prompts; null where not measured",
            ),
            Column("known_held_out", pa.float64(), "share of facts known in held-out prompts"),
            Column("n_facts", pa.int32(), "city-country facts asked"),
        ),
        ("step",),
    ),
    Table(
        "neuron_map_steps",
        "model",
        "Neurons in the plane, each map begun at the one before; partition: model without step.",
        (_STEP, LAYER, NEURON, *COORDINATES),
        ("step", "layer", "neuron"),
    ),
)
