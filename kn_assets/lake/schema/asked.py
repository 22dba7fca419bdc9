"""The tables about facts that were asked on demand: one file for each asking, beside the stored
tables and with their columns.
"""

from __future__ import annotations

import pyarrow as pa

from kn_assets.lake.schema import knowledge, verdicts
from kn_assets.lake.schema.columns import FACT, FACT_SET
from kn_assets.lake.schema.table import Column, Table

_RUN = Column("run", pa.string(), "the asking that made it; that of `asked_facts` alone counts")
_STORED = {table.name: table for table in (*knowledge.TABLES, *verdicts.TABLES)}


def _like(name: str, stored: str, meaning: str, *more: Column) -> Table:
    """A table with the columns of a stored one."""
    of = _STORED[stored]
    return Table(name, "model", meaning, (*of.columns, *more, _RUN), (*of.key, _RUN.name))


TABLES = (
    Table(
        "asked_facts",
        "model",
        "Facts and sentences asked on demand: a sample that a person chose.",
        (
            FACT,
            Column("text", pa.string(), "sentence of one's own, fact_id below 0; null for a fact"),
            Column("answer", pa.string(), "its answer; null for a fact"),
            Column("what", pa.string(), "ask: answers; attribute: attributed; change: changed"),
            Column("attributed", pa.bool_(), "its answers were attributed"),
            Column("share", pa.float32(), "of prompts that share a neuron; null: not attributed"),
            Column(
                "share_of", pa.string(), "relation: as the stored ones; fact: found on it alone"
            ),
            Column("seconds", pa.float64(), "time that it took, without loading the model"),
            Column("asked_at", pa.string(), "when, in UTC; a later asking replaces an earlier one"),
            FACT_SET,
            _RUN,
        ),
        ("fact_id", "run"),
    ),
    _like(
        "asked_answers",
        "fact_answers",
        "Answers to facts asked on demand, with the columns of `fact_answers`.",
        Column(
            "saturation_layer",
            pa.int16(),
            "first layer from which on the lens ranks the answer first; null where none",
        ),
        Column("trained", pa.bool_(), "the training text had this prompt; null where unknown"),
    ),
    _like(
        "asked_attributions",
        "attributions",
        "Attributions of facts asked on demand, with the columns of `attributions`.",
    ),
    _like(
        "asked_attribution_error",
        "attribution_error",
        "Completeness of the attributions of facts asked on demand.",
    ),
    _like(
        "asked_neurons",
        "knowledge_neurons",
        "Knowledge neurons of facts asked on demand, with the columns of `knowledge_neurons`.",
    ),
    _like(
        "asked_interventions",
        "interventions",
        "Interventions on facts asked on demand, with the columns of `interventions`.",
    ),
    _like(
        "asked_effects",
        "fact_effects",
        "Effects of interventions on facts asked on demand, with the columns of `fact_effects`.",
    ),
    _like(
        "asked_verdicts",
        "verdicts",
        "Verdicts on facts asked on demand, with the columns of `verdicts`.",
    ),
)
