"""The tables of verdicts, out of the table `interventions`: effects on each fact in log-odds, and
what they say for or against its neurons (see `verdicts`), and over each relation's facts.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow as pa

from kn_assets.knowledge import verdicts
from kn_assets.knowledge.effects import ALL_RELATIONS
from kn_assets.knowledge.verdicts import CLAIMS, DIRECTIONS, Array, Control, Interval
from kn_assets.knowledge.wording import Judged, sentence
from kn_assets.lake.schema import KNOWLEDGE

OWN = "knowledge_neurons"
_COLUMNS = (
    *("fact_id", "prompt", "kind", "condition", "draw", "n_neurons", "prompt_fact_id"),
    *("probability_before", "probability_after", "fact_set"),
)

Changes = dict[str, list[Array]]
"""Condition -> changes in log-odds [prompts] of each set of neurons or other fact."""
About = tuple[dict[str, int], str | None]
"""Neurons changed by condition, and the set of facts that a fact is of."""


def tables(
    interventions: pa.Table, facts: pa.Table, known: Collection[int]
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """The tables `fact_effects`, `verdicts` and `relation_verdicts`.

    known: ids of the facts that the model knows; of others there is no evidence, and they are in no
    relation's verdict.
    """
    groups, about = _groups(interventions)
    effects: list[dict[str, Any]] = []
    judged: list[dict[str, Any]] = []
    for (fact, kind), changes in groups.items():
        sizes, fact_set = about[fact, kind]
        key = {"fact_id": fact, "kind": kind, "fact_set": fact_set}
        if OWN not in changes:  # the final checkpoint's neurons alone
            effects += [{**key, **row} for row in _effects(changes, [], kind, sizes)]
            continue
        n_neurons = sizes[OWN]
        own, controls = verdicts.of_fact(changes, kind)
        effects += [{**key, **row} for row in _effects(changes, controls, kind, sizes)]
        judged += [
            {**key, "n_neurons": n_neurons, "n_prompts": len(changes[OWN][0]), **row}
            for row in _verdicts(
                Judged(kind, own, len(changes[OWN][0]), "prompt", fact in known, n_neurons),
                controls,
            )
        ]
    return (
        _table("fact_effects", effects),
        _table("verdicts", judged),
        _table("relation_verdicts", _of_relations(groups, facts, known)),
    )


def _of_relations(
    groups: dict[tuple[int, str], Changes], facts: pa.Table, known: Collection[int]
) -> list[dict[str, Any]]:
    relation_of = dict(
        zip(facts["fact_id"].to_pylist(), facts["relation"].to_pylist(), strict=True)
    )
    fact_set = next(iter(facts["fact_set"].to_pylist()), None)
    by_relation: dict[tuple[str, str], list[Changes]] = {}
    for (fact, kind), changes in groups.items():
        if fact in known and OWN in changes:
            for relation in (relation_of[fact], ALL_RELATIONS):
                by_relation.setdefault((relation, kind), []).append(changes)
    rows = []
    for (relation, kind), some in sorted(by_relation.items()):
        names = (OWN, *verdicts.SPECIFIC)
        means = {name: np.array([_mean(changes.get(name)) for changes in some]) for name in names}
        own, controls = verdicts.of_relation(means, kind)
        key = {"relation": relation, "kind": kind, "n_facts": len(some), "fact_set": fact_set}
        judged = Judged(kind, own, len(some), "fact", True, None)
        rows += [{**key, **row} for row in _verdicts(judged, controls)]
    return rows


def _mean(sets: list[Array] | None) -> float:
    return float(np.mean([np.mean(one) for one in sets])) if sets else float("nan")


def _groups(
    interventions: pa.Table,
) -> tuple[dict[tuple[int, str], Changes], dict[tuple[int, str], About]]:
    """Changes of each fact and kind, and what else is told of it.

    Sets of neurons lie in the order of draws, other facts in that of their ids; prompts in order.
    """
    rows = interventions.select(_COLUMNS).sort_by(
        [(name, "ascending") for name in ("fact_id", "kind", "condition", "draw", "prompt")]
    )
    column = {name: rows[name].to_pylist() for name in _COLUMNS if "probability" not in name}
    before, after = (
        verdicts.log_odds(rows[f"probability_{when}"].to_numpy()) for when in ("before", "after")
    )
    found: dict[tuple[int, str], dict[str, dict[int, list[float]]]] = {}
    about: dict[tuple[int, str], About] = {}
    for i, change in enumerate(after - before):
        key = column["fact_id"][i], column["kind"][i]
        of = found.setdefault(key, {}).setdefault(column["condition"][i], {})
        of.setdefault(column["draw"][i] or 0, []).append(float(change))
        sizes, _ = about.setdefault(key, ({}, column["fact_set"][i]))
        sizes.setdefault(column["condition"][i], column["n_neurons"][i])
    groups = {
        key: {name: [np.array(one) for one in sets.values()] for name, sets in of.items()}
        for key, of in found.items()
    }
    return groups, about


def _effects(
    changes: Changes, controls: list[Control], kind: str, sizes: dict[str, int]
) -> list[dict[str, Any]]:
    """A row per condition; of several controls of one condition the nearest to the own neurons."""
    nearest: dict[str, Control] = {}
    for control in sorted(controls, key=lambda c: -c.difference.mean):
        nearest[control.condition] = control
    rows = []
    for condition, sets in sorted(changes.items()):
        change = verdicts.interval(np.asarray(sets[0]))
        difference: Interval | None = None
        if condition in nearest:
            change = _turned(nearest[condition].change, DIRECTIONS[kind])
            difference = nearest[condition].difference
        rows.append(
            {
                "condition": condition,
                "n_neurons": sizes[condition],
                "n_prompts": len(sets[0]),
                "n_sets": len(sets),
                "log_odds": change.mean,
                "ci_low": change.low,
                "ci_high": change.high,
                "difference": difference and difference.mean,
                "difference_low": difference and difference.low,
                "difference_high": difference and difference.high,
            }
        )
    return rows


def _verdicts(judged: Judged, controls: list[Control]) -> list[dict[str, Any]]:
    """A row per claim."""
    own = _turned(judged.own, DIRECTIONS[judged.kind])
    rows = []
    for claim, needed in CLAIMS.items():
        found = verdicts.judge(judged.own, judged.n, controls, needed, judged.known)
        rows.append(
            {
                "claim": claim,
                "verdict": found.verdict,
                "control": found.control,
                "sentence": sentence(judged, found, controls, needed),
                "log_odds": own.mean,
                "ci_low": own.low,
                "ci_high": own.high,
            }
        )
    return rows


def _turned(one: Interval, sign: float) -> Interval:
    """In the direction of the change itself."""
    if sign > 0 or one.low is None or one.high is None:
        return Interval(sign * one.mean, one.low, one.high)
    return Interval(-one.mean, -one.high, -one.low)


def _table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    key = KNOWLEDGE[name].key
    rows.sort(key=lambda row: tuple(row[column] for column in key))
    return pa.Table.from_pylist(rows, schema=KNOWLEDGE[name].schema)
