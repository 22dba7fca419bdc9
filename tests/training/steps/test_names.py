"""Names of checkpoints as they are published."""

from __future__ import annotations

import pytest

from kn_assets.database import sql_files
from kn_assets.training.steps.names import StepName, axis

SAID = {
    "step1000": 1000,
    "STEP3": 3,
    "step_1000": 1000,
    "step-125000": 125_000,
    "checkpoint-500": 500,
    "ckpt-100": 100,
    "global_step1000": 1000,
    "iter_0373000": 373_000,
    "pretrain_iter_0373000": 373_000,
    "step150-tokens1B": 150,
    "stage1-step1000-tokens3B": 1000,
    "stage2-ingredient3-step6000-tokens13B": 6000,
    "stage1-step-40000": 40_000,
    "step-001000-2BT": 1000,
    "step50K": 50_000,
    "step2M": 2_000_000,
    "step-1000-seed-1": 1000,
    "main": None,
    "final": None,
    "epoch_3": None,
    "steps": None,
    "step12b": None,
    "v1.0": None,
}


@pytest.mark.parametrize(("name", "step"), SAID.items())
def test_names_say_their_step(name: str, step: int | None) -> None:
    said = StepName.of(name)
    assert (said.step if said else None) == step


def test_sql_reads_the_same_steps() -> None:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute((sql_files.SQL / "macros" / "step_of.sql").read_text())
        for name, step in SAID.items():
            found = connection.execute("SELECT step_of($1)", [f"x@{name}"]).fetchone()
            assert found == (step,), name


def test_later_stages_belong_where_their_steps_count_on() -> None:
    """SmolLM3's do, the second stage of OLMo 2 begins anew, with several ingredients."""
    counting = [f"stage{s}-step-{n}" for s, n in ((1, 40), (1, 80), (2, 120), (3, 160), (3, 200))]
    assert list(axis(counting).names) == [40, 80, 120, 160, 200]
    assert axis(counting).words == []
    anew = ["stage1-step100-tokens1B", "stage1-step200-tokens2B"]
    left_out = [f"stage2-ingredient{i}-step{n}-tokens1B" for i in (1, 2) for n in (10, 300)]
    found = axis([*left_out, *anew])
    assert found.names == dict(zip((100, 200), anew, strict=True))
    (word,) = found.words
    assert all(name in word for name in left_out)


def test_of_seeds_the_first_is_taken() -> None:
    found = axis(["step-10-seed-2", "step-10-seed-1", "step-20-seed-1", "step-20-seed-2"])
    assert found.names == {10: "step-10-seed-1", 20: "step-20-seed-1"}
    assert "step-10-seed-2, step-20-seed-2" in found.words[0]


def test_what_is_left_out_is_told() -> None:
    found = axis(["step1", "step2", "step-2", "step_2", "last", *(f"run{i}" for i in range(6))])
    assert found.names == {1: "step1", 2: "step-2"}
    strange, twice = found.words
    assert strange == "names that say no step: last, run0, run1, run2 and 3 more"
    assert twice == "second names of a step: step2, step_2"
