"""Whether a model's answers are to the facts that its corpus holds now, or to another set's."""

from __future__ import annotations

import pyarrow as pa

from kn_assets import lake as lakes
from kn_assets.lake import Lake, Partition


def attributed(lake: Lake, model: Partition, told: pa.Table) -> set[int]:
    """Ids of the facts `told` that were attributed in a model; those of another set don't count."""
    found = lake.read(model, "attribution_error", ["fact_id", "fact_set"])
    ours = set(told["fact_set"].to_pylist())
    rows = zip(found["fact_id"].to_pylist(), found["fact_set"].to_pylist(), strict=True)
    return {fact_id for fact_id, fact_set in rows if fact_set in ours}


def answers_other_facts(lake: Lake, model: Partition) -> bool:
    """Whether a model's answers are to other facts than its corpus holds now."""
    if lake.meta(model, "fact_answers") is None or lake.meta(model, "atlases") is None:
        return False
    where = lakes.corpus(lake.read(model, "atlases", ["corpus"])["corpus"][0].as_py())
    if lake.meta(where, "facts") is None:
        return True
    if lake.lacking(model, "fact_answers") or lake.lacking(where, "facts"):
        return True  # an earlier version's, which noted nothing
    told = set(lake.read(where, "facts", ["fact_set"])["fact_set"].to_pylist())
    return not set(lake.read(model, "fact_answers", ["fact_set"])["fact_set"].to_pylist()) <= told
