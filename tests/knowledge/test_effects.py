"""The ratio by hand, and its interval against what resampling must give."""

import itertools

import numpy as np
import pyarrow as pa
import pytest

from kn_assets.knowledge.effects import effects, interval
from kn_assets.lake.schema import KNOWLEDGE


def interventions(rows: list[tuple[int, int, str, str, float, float]]) -> pa.Table:
    names = ("fact_id", "prompt", "kind", "condition", "probability_before", "probability_after")
    filled = [
        {**dict(zip(names, r, strict=True)), "factor": 0.0, "n_neurons": r[0] + 1} for r in rows
    ]
    return pa.Table.from_pylist(filled, schema=KNOWLEDGE["interventions"].schema)


def facts(relations: list[str]) -> pa.Table:
    rows = [{"fact_id": i, "relation": r} for i, r in enumerate(relations)]
    return pa.Table.from_pylist(rows, schema=KNOWLEDGE["facts"].schema)


def test_mean_change_over_mean_probability() -> None:
    """Not the mean of ratios, which is (-0.5 + 1.0 - 1.0) / 3 here."""
    rows = [
        (0, 0, "suppress", "knowledge_neurons", 0.8, 0.4),
        (0, 1, "suppress", "knowledge_neurons", 0.1, 0.2),
        (1, 0, "suppress", "knowledge_neurons", 0.3, 0.0),
        (1, 0, "suppress", "random", 0.3, 0.3),
        (2, 0, "suppress", "knowledge_neurons", 0.5, 0.6),
    ]
    found = {
        (r["relation"], r["condition"]): r
        for r in effects(interventions(rows), facts(["a", "a", "b"])).to_pylist()
    }
    assert set(found) == {(r, c) for r in ("a", "all") for c in ("knowledge_neurons", "random")} | {
        ("b", "knowledge_neurons")
    }
    a = found["a", "knowledge_neurons"]
    assert a["relative_change"] == pytest.approx((0.6 - 1.2) / 1.2)
    assert (a["n_facts"], a["mean_neurons"]) == (2, 1.5)
    assert a["mean_before"] == pytest.approx(0.4) and a["mean_after"] == pytest.approx(0.2)
    assert found["b", "knowledge_neurons"]["ci_low"] is None, "one fact has no interval"
    assert found["all", "knowledge_neurons"]["relative_change"] == pytest.approx((1.2 - 1.7) / 1.7)
    only = effects(interventions(rows[:2]), facts(["a"])).to_pylist()
    assert [r["relation"] for r in only] == ["a", "all"]
    assert only[0]["relative_change"] == only[1]["relative_change"]


def test_interval_resamples_facts() -> None:
    """Against all 3^3 resamples of three facts, and the normal interval of many."""
    before, after = np.array([1.0, 2.0, 0.5]), np.array([0.2, 2.0, 0.1])
    every = [
        after[list(i)].sum() / before[list(i)].sum() - 1
        for i in itertools.product(range(3), repeat=3)
    ]
    low, high = interval(before, after, resamples=20_000)
    wanted = np.quantile(np.repeat(every, 1000), [0.025, 0.975])
    np.testing.assert_allclose([low, high], wanted, atol=0.02)

    rng = np.random.default_rng(1)
    before = rng.uniform(0.5, 1.0, 4000)
    after = before * rng.uniform(0.2, 0.4, 4000)
    ratio = after.sum() / before.sum()
    spread = np.std(after - ratio * before) / before.mean() / np.sqrt(4000)
    low, high = interval(before, after)
    assert low == pytest.approx(ratio - 1 - 1.96 * spread, abs=0.3 * spread)
    assert high == pytest.approx(ratio - 1 + 1.96 * spread, abs=0.3 * spread)


def test_the_seed_decides() -> None:
    before, after = np.arange(1.0, 9.0), np.arange(8.0, 0.0, -1.0)
    assert interval(before, after, 3) == interval(before, after, 3)
    assert interval(before, after, 3) != interval(before, after, 4)
