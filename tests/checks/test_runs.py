"""What a check compares a table with, how it reads it, and what it tells."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from kn_assets import checks
from kn_assets.checks import rows as check_rows
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.synthetic import FINGERPRINT
from tests.checks.spoiling import (
    MODEL,
    N_LAYERS,
    N_NEURONS,
    Change,
    change,
    failed,
    swapped,
    with_value,
    without,
)

ACROSS = ("tokens", "activations", "activations_by_neuron", "neuron_top", "logit_lens", "attention")


@pytest.mark.parametrize("size", [1, 7])
def test_rows_belong_together_across_batches_and_files(
    copy: Lake, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(check_rows, "BATCH", size)

    def spread(table: str, how: Change = lambda t: t) -> None:
        whole = how(copy.read(MODEL, table))
        with copy.replacing(MODEL, table, FINGERPRINT) as folder:
            for i, first in enumerate(range(0, len(whole), 97)):
                pq.write_table(whole.slice(first, 97), folder / f"part-{i:05}.parquet")

    for table in ACROSS:
        spread(table)
        assert failed(copy, table) == []
    spread("activations_by_neuron", swapped(96))  # the last row of a file and the first of the next
    assert failed(copy, "activations_by_neuron") == ["keys_unique"]
    spread("logit_lens", with_value("probability", 0.9995, 98))
    assert failed(copy, "logit_lens") == ["probabilities"]


def test_detail_tells_how_many_and_shows_the_first(copy: Lake) -> None:
    change(copy, "neuron_map", with_value("x", float("nan"), 41))
    change(copy, "neuron_map", with_value("x", float("inf"), 50))
    finite = {o.name: o for o in checks.run(copy, MODEL, "neuron_map")}["finite"]
    assert finite.metadata == {"rows": N_LAYERS * N_NEURONS, "faults": 2}
    assert finite.detail == "x not finite: 2, the first row 41 (layer=1, neuron=1, x=nan)"


def test_missing_neighbours_block_nothing(copy: Lake) -> None:
    for table in ("tokens", "activations", "thresholds", "atlases"):
        copy.remove(MODEL, table)
    for table in ("activations_by_neuron", "neurons", "logit_lens", "attention", "prompt_map"):
        outcomes = {o.name: o for o in checks.run(copy, MODEL, table)}
        assert all(o.passed for o in outcomes.values()), table
        assert "not compared with" in outcomes["in_range"].detail
        assert "not compared" not in outcomes["keys_unique"].detail
    by_neuron = {o.name: o for o in checks.run(copy, MODEL, "activations_by_neuron")}
    assert "thresholds" in by_neuron["over_threshold"].detail
    assert "activations" in by_neuron["same_rows"].detail
    # What a table tells by itself is still checked.
    change(copy, "attention", with_value("source_position", 9, 0))
    assert failed(copy, "attention") == ["in_range"]


def test_neighbours_of_another_run_are_not_compared_with(copy: Lake) -> None:
    change(copy, "tokens", without(prompt_id=0), "older")
    change(copy, "thresholds", with_value("threshold", 1e6), "older")
    for table in ("activations", "logit_lens", "prompt_map"):
        assert failed(copy, table) == []
    # With the same fingerprint they would have been.
    change(copy, "tokens", lambda t: t)
    change(copy, "thresholds", lambda t: t)
    assert failed(copy, "logit_lens") == ["in_range"]
    assert failed(copy, "activations") == ["in_range", "over_threshold"]


def test_prompts_are_counted_where_tokens_are_missing(copy: Lake) -> None:
    copy.remove(MODEL, "tokens")
    assert failed(copy, "logit_lens") == []
    change(copy, "logit_lens", without(prompt_id=6))
    assert failed(copy, "logit_lens") == ["every_prompt"]


def test_a_prompt_may_stay_silent_under_thresholds_set_by_hand(copy: Lake) -> None:
    change(copy, "activations", without(prompt_id=5))
    for layer in range(N_LAYERS):
        change(copy, "thresholds", with_value("target_density", None, layer))
    assert failed(copy, "activations") == []


def test_no_rows_at_all(copy: Lake) -> None:
    change(copy, "activations", lambda t: t.slice(0, 0))
    assert failed(copy, "activations") == ["every_prompt"]


def test_table_that_is_not_there(copy: Lake) -> None:
    copy.remove(MODEL, "attention")
    with pytest.raises(KnError, match="no table attention"):
        checks.run(copy, MODEL, "attention")
