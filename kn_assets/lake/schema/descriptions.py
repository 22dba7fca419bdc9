"""The table of what neurons fire at, in words."""

from __future__ import annotations

import pyarrow as pa

from kn_assets.lake.schema.columns import LAYER, NEURON
from kn_assets.lake.schema.table import Column, Table

TABLES = (
    Table(
        "neuron_descriptions",
        "model",
        "Rules for when a half of a neuron fires, chosen on half of the prompts and judged by the "
        "others, which are held out: all figures are theirs.",
        (
            LAYER,
            NEURON,
            Column("sign", pa.int8(), "+1: its positive activations, -1: its negative ones"),
            Column("rank", pa.int8(), "from 1 to 3: the best rules on the chosen prompts, by phi"),
            Column(
                "kind",
                pa.string(),
                "token, 2-gram, 3-gram (ends there), after, before (a token): at which tokens; "
                "country, continent, capital, population: in which prompts; none: no rule found",
            ),
            Column("rule", pa.string(), "the rule in words"),
            Column(
                "searched",
                pa.string(),
                "the rule's words between spaces, without case, accents and punctuation",
            ),
            Column("terms", pa.list_(pa.string()), "what it names, most precise first"),
            Column("precision", pa.float32(), "share of the named tokens or prompts that fired"),
            Column("precision_low", pa.float32(), "lower end of its 95 % interval (Wilson)"),
            Column("precision_high", pa.float32(), "upper end of the same"),
            Column("recall", pa.float32(), "share of the fired tokens or prompts that are named"),
            Column("recall_low", pa.float32(), "lower end of its 95 % interval (Wilson)"),
            Column("recall_high", pa.float32(), "upper end of the same"),
            Column("base_rate", pa.float32(), "share of all held-out tokens or prompts that fired"),
            Column("n_chosen", pa.int32(), "named tokens or prompts of those it was chosen on"),
            Column("n", pa.int32(), "named ones that were held out"),
            Column("n_fired", pa.int32(), "held-out tokens or prompts that fired"),
            Column("n_both", pa.int32(), "of them, those that are named"),
            Column("n_held_out", pa.int32(), "held-out tokens (no sinks) or prompts in all"),
            Column(
                "q_value",
                pa.float64(),
                "binomial test against the base rate, Benjamini-Hochberg over all rules",
            ),
            Column("phi", pa.float32(), "phi coefficient of named and fired on the chosen prompts"),
        ),
        ("layer", "neuron", "sign", "rank"),
        row_group=1 << 12,
    ),
)
