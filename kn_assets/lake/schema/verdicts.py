"""The tables of verdicts on interventions."""

from __future__ import annotations

import pyarrow as pa

from kn_assets.lake.schema.columns import FACT_SET
from kn_assets.lake.schema.knowledge import CONDITION, KIND
from kn_assets.lake.schema.table import Column, Table

_CLAIM = Column(
    "claim",
    pa.string(),
    "causal: more than other neurons do; specific: and more than other facts are moved",
)
_VERDICT = Column("verdict", pa.string(), "supported, weak, refuted or no evidence")
_CONTROL = Column("control", pa.string(), "condition that speaks against it; null where none does")
_CHANGE = (
    Column("log_odds", pa.float64(), "mean change of ln(P / (1 - P)) of the answer"),
    Column("ci_low", pa.float64(), "lower end of its 95 % interval; null where unknown"),
    Column("ci_high", pa.float64(), "upper end of the same"),
)

TABLES = (
    Table(
        "fact_effects",
        "model",
        "Effect of interventions on each fact in log-odds of its answer, with 95 % intervals.",
        (
            Column("fact_id", pa.int32(), "fact whose neurons were changed"),
            KIND,
            CONDITION,
            Column("n_neurons", pa.int32(), "neurons changed"),
            Column("n_prompts", pa.int32(), "prompts measured, of the first set"),
            Column("n_sets", pa.int32(), "sets of neurons, or other facts, measured"),
            Column("log_odds", pa.float64(), "mean change of ln(P / (1 - P)) of the answer"),
            Column("ci_low", pa.float64(), "lower end of its 95 % interval; null where unknown"),
            Column("ci_high", pa.float64(), "upper end of the same"),
            Column(
                "difference",
                pa.float64(),
                "the fact's own change, in the expected direction, less the control's size",
            ),
            Column("difference_low", pa.float64(), "lower end of its 95 % interval"),
            Column("difference_high", pa.float64(), "upper end of the same"),
            FACT_SET,
        ),
        ("fact_id", "kind", "condition"),
    ),
    Table(
        "verdicts",
        "model",
        "Verdicts on the interventions on each fact, by the rule in the results' page.",
        (
            Column("fact_id", pa.int32(), "fact whose neurons were changed"),
            KIND,
            _CLAIM,
            _VERDICT,
            _CONTROL,
            Column("sentence", pa.string(), "the verdict in words"),
            Column("n_neurons", pa.int32(), "neurons changed"),
            Column("n_prompts", pa.int32(), "prompts of the fact"),
            *_CHANGE,
            FACT_SET,
        ),
        ("fact_id", "kind", "claim"),
    ),
    Table(
        "relation_verdicts",
        "model",
        "The same over the known facts of each relation, which are paired with their controls.",
        (
            Column("relation", pa.string(), "name of the relation, or all"),
            KIND,
            _CLAIM,
            _VERDICT,
            _CONTROL,
            Column("sentence", pa.string(), "the verdict in words"),
            Column("n_facts", pa.int32(), "known facts whose neurons were changed"),
            *_CHANGE,
            FACT_SET,
        ),
        ("relation", "kind", "claim"),
    ),
)
