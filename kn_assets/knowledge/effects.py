"""The effect of interventions by relation, with its 95 % interval.

The relative change of Dai et al. 2021 is the mean change of the answer's probability over its mean
before: not the mean of ratios, in which the least likely answers would weigh most. Its interval is
a percentile bootstrap over *facts*: the prompts of a fact are not independent.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from kn_assets.lake.schema import KNOWLEDGE

RESAMPLES = 2000
ALL_RELATIONS = "all"
_BLOCK = 1 << 22  # draws held at a time


def effects(
    interventions: pa.Table, facts: pa.Table, seed: int = 0, resamples: int = RESAMPLES
) -> pa.Table:
    """The table `intervention_effects`: one row per relation, kind and condition.

    A relation is that of the fact whose neurons were changed; the rows of relation `all` are over
    all of them. ci_low and ci_high are the 2.5th and 97.5th percentiles over
    `resamples` resamples, null with fewer than 2 facts; all three are null where nothing was
    likely before.
    """
    relation_of = dict(
        zip(facts["fact_id"].to_pylist(), facts["relation"].to_pylist(), strict=True)
    )
    fact_set = next(iter(facts["fact_set"].to_pylist()), None)
    groups: dict[tuple[str, str, str], dict[int, list[dict]]] = {}
    for row in interventions.drop_columns(["top_before", "top_after"]).to_pylist():
        for relation in (relation_of[row["fact_id"]], ALL_RELATIONS):
            group = groups.setdefault((relation, row["kind"], row["condition"]), {})
            group.setdefault(row["fact_id"], []).append(row)
    rows = []
    for (relation, kind, condition), group in sorted(groups.items()):
        before = np.array(
            [[sum(r["probability_before"] for r in g), len(g)] for g in group.values()]
        )
        after = np.array([sum(r["probability_after"] for r in g) for g in group.values()])
        low, high = interval(before[:, 0], after, seed, resamples)
        n, whole = before[:, 1].sum(), before[:, 0].sum()
        rows.append(
            {
                "relation": relation,
                "kind": kind,
                "condition": condition,
                "factor": next(iter(group.values()))[0]["factor"],
                "n_facts": len(group),
                "mean_neurons": float(np.mean([g[0]["n_neurons"] for g in group.values()])),
                "mean_before": float(before[:, 0].sum() / n),
                "mean_after": float(after.sum() / n),
                "relative_change": float(after.sum() / whole - 1) if whole else None,
                "ci_low": low,
                "ci_high": high,
                "fact_set": fact_set,
            }
        )
    return pa.Table.from_pylist(rows, schema=KNOWLEDGE["intervention_effects"].schema)


def interval(
    before: np.ndarray, after: np.ndarray, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[float | None, float | None]:
    """2.5th and 97.5th percentile of sum(after) / sum(before) - 1 with the entries resampled.

    before, after: float64 [facts], sums over each fact's prompts. None for fewer than 2 facts, and
    where any of `before` is 0, since resamples of it alone have no ratio.
    """
    n = len(before)
    if n < 2 or not before.all():
        return None, None
    rng = np.random.default_rng(seed)
    ratios = []
    for start in range(0, resamples, max(1, _BLOCK // n)):
        drawn = rng.integers(n, size=(min(max(1, _BLOCK // n), resamples - start), n))
        ratios.append(after[drawn].sum(1) / before[drawn].sum(1) - 1)
    low, high = np.quantile(np.concatenate(ratios), [0.025, 0.975])
    return float(low), float(high)
