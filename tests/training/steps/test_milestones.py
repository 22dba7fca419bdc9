"""Milestones of facts on hand-made tables of a training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

from kn_assets import lake as lakes
from kn_assets.database import database
from kn_assets.lake import Lake
from kn_assets.lake.schema import STEPS
from tests.made import add_training

MADE = (0, 8, 64, 512)
# By fact: at each step how many of the 5 trained prompts are right, and how many of the 2 held-out.
HISTORIES: dict[int, list[tuple[int, int] | None]] = {
    0: [(0, 0), (2, 0), (3, 0), (5, 1)],  # learned between 8 and 64
    1: [(3, 2), (5, 2), (5, 2), (5, 2)],  # right from the first
    2: [(0, 0), (4, 1), (2, 2), (3, 1)],  # right, lost, right again
    3: [(0, 0), (4, 0), (3, 0), (2, 0)],  # forgotten at the last
    4: [(0, 0), (0, 0), (0, 0), (2, 0)],  # never: 2 of 5 is less than half
    5: [(0, 0), None, (5, 2), (5, 2)],  # not asked at 8
    6: [(0, 0), (5, 0), (1, 0), (1, 0)],  # forgotten between 8 and 64
}
NOTHING = dict.fromkeys(
    ("first_right", "before_right", "stable", "before_stable", "forgotten", "before_forgotten")
)
WANTED: dict[int, dict[str, Any]] = {
    0: {"first_right": 64, "before_right": 8, "right_then": 3, "stable": 64, "before_stable": 8},
    1: {"first_right": 0, "right_then": 3, "stable": 0, "first_held_out": 0},
    2: {"first_right": 8, "before_right": 0, "right_then": 4, "stable": 512, "before_stable": 64},
    3: {"first_right": 8, "before_right": 0, "forgotten": 512, "before_forgotten": 64},
    4: {"right_then": None, "first_held_out": None},
    5: {"first_right": 64, "before_right": 0, "stable": 64, "before_stable": 0},
    6: {"first_right": 8, "before_right": 0, "forgotten": 64, "before_forgotten": 8},
}


def write(lake: Lake, trained: bool | None) -> None:
    where = lakes.model("tiny")
    (fact_set,) = set(lake.read(where, "fact_steps")["fact_set"].to_pylist())
    rows = []
    for fact, history in HISTORIES.items():
        for step, right in zip(MADE, history, strict=True):
            if right is None:
                continue
            for prompt in range(7):
                held_out = prompt >= 5
                greedy = prompt - 5 < right[1] if held_out else prompt < right[0]
                rows.append(
                    {
                        "step": step,
                        "fact_id": fact,
                        "prompt": prompt,
                        "trained": trained and not held_out,
                        "greedy": greedy,
                        "probability": 0.5,
                        "rank": 1,
                        "logprob": -1.0,
                        "fact_set": fact_set,
                    }
                )
    rows.sort(key=lambda r: (r["step"], r["fact_id"], r["prompt"]))
    table = pa.Table.from_pylist(rows, schema=STEPS["fact_steps"].schema)
    lake.write(where, "fact_steps", table, "by hand")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    yield add_training(tmp_path_factory.mktemp("milestones"), "tiny", MADE)


def milestones(lake: Lake) -> dict[int, dict[str, Any]]:
    with database.connect(lake) as connection:
        rows = connection.sql("FROM fact_milestones('tiny@step8')").to_arrow_table().to_pylist()
    return {row["fact_id"]: row for row in rows}


def test_milestones_lie_between_checkpoints(made: Lake) -> None:
    write(made, True)
    found = milestones(made)
    assert set(found) == set(HISTORIES)
    for fact, wanted in WANTED.items():
        expected = {**NOTHING, **wanted}
        assert {name: found[fact][name] for name in expected} == expected, fact
        assert (found[fact]["n_trained"], found[fact]["n_held_out"]) == (5, 2)
        assert found[fact]["known_at_end"] == (expected["stable"] is not None)
    held_out = {
        fact: (row["first_held_out"], row["before_held_out"], row["right_held_out_then"])
        for fact, row in found.items()
    }
    assert held_out[0] == (512, 64, 1)
    assert held_out[1] == (0, None, 2)
    assert held_out[2] == (8, 0, 1)
    assert held_out[5] == (64, 0, 2)
    assert held_out[3] == held_out[4] == (None, None, None)


def test_without_a_training_text_all_prompts_count(made: Lake) -> None:
    """Fact 0 has 3 of 7 at 64, which is less than half."""
    write(made, None)
    row = milestones(made)[0]
    assert (row["n_trained"], row["n_held_out"], row["first_held_out"]) == (7, 0, None)
    assert (row["first_right"], row["right_then"], row["stable"]) == (512, 6, 512)


def test_neurons_by_step_are_those_of_the_last_first(made: Lake) -> None:
    with database.connect(made) as connection:
        found = connection.sql("FROM fact_neurons_by_step('tiny', 0)").to_arrow_table().to_pylist()
    at = {step: lakes.model(f"tiny@step{step}") for step in MADE}

    def of_fact(step: int, table: str) -> list[dict[str, Any]]:
        return [r for r in made.read(at[step], table).to_pylist() if r["fact_id"] == 0]

    last = sorted(of_fact(512, "knowledge_neurons"), key=lambda r: -r["score"])
    order = list(dict.fromkeys((r["layer"], r["neuron"]) for r in found))
    assert order[: len(last)] == [(r["layer"], r["neuron"]) for r in last]
    kept = {s: {(r["layer"], r["neuron"]) for r in of_fact(s, "knowledge_neurons")} for s in MADE}
    assert set(order) == set().union(*kept.values())
    for row in found:
        place = row["layer"], row["neuron"]
        scores = [
            r["score"]
            for r in of_fact(row["step"], "attributions")
            if (r["layer"], r["neuron"]) == place
        ]
        n = len({r["prompt"] for r in of_fact(row["step"], "attribution_error")})
        assert row["score"] == pytest.approx(sum(scores) / n)
        assert row["is_knowledge_neuron"] == (place in kept[row["step"]])
    assert len(found) == len(order) * len(MADE)
