"""Each check fails for the fault it looks for, alone, and none fails for an intact table."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kn_assets import checks, lake
from kn_assets.lake import Lake
from kn_assets.lake.schema import KNOWLEDGE, TABLES
from kn_assets.synthetic import FINGERPRINT
from tests.checks.spoiling import (
    MODEL,
    N_LAYERS,
    N_NEURONS,
    N_PROMPTS,
    SHORT,
    TOP_K,
    Change,
    appended,
    at,
    change,
    failed,
    last_of_prompt,
    repeated,
    shared_out,
    swapped,
    times,
    where,
    with_value,
    without,
)
from tests.made import make_lake

FAULTS: list[tuple[str, str, Change]] = [
    ("cities", "keys_unique", repeated(4)),
    ("cities", "keys_unique", lambda t: pa.concat_tables([t, t.slice(2, 1)])),
    ("cities", "in_range", with_value("latitude", 90.5)),
    ("cities", "in_range", with_value("longitude", -181.0, 0)),
    ("cities", "in_range", with_value("population", -1, 3)),
    ("cities", "in_range", with_value("city_id", None, 3)),
    ("cities", "finite", with_value("longitude", float("nan"), 5)),
    ("pages", "keys_unique", repeated(0)),
    ("pages", "in_range", with_value("status", -1, 2)),
    ("prompts", "keys_unique", repeated(7)),
    ("prompts", "in_range", with_value("prompt_id", -1, 0)),
    ("tokens", "keys_unique", swapped(12)),
    ("tokens", "in_range", with_value("token_id", -1, 5)),
    ("tokens", "in_range", with_value("position", None, 5)),
    ("tokens", "in_range", without(prompt_id=2, position=4)),  # leaves a gap
    ("tokens", "every_prompt", without(prompt_id=SHORT)),
    ("activations", "keys_unique", repeated(50)),
    ("activations", "keys_unique", swapped(99)),
    ("activations", "in_range", with_value("layer", N_LAYERS)),
    ("activations", "in_range", with_value("neuron", N_NEURONS)),
    ("activations", "in_range", with_value("prompt_id", N_PROMPTS)),
    ("activations", "in_range", last_of_prompt("position", 7, SHORT)),
    ("activations", "finite", with_value("activation", float("inf"), 3)),
    ("activations", "finite", with_value("activation", float("nan"), 3)),
    ("activations", "every_prompt", without(prompt_id=5)),
    ("activations", "over_threshold", times("activation", 0.01, 60)),
    ("neuron_peaks", "keys_unique", repeated(20)),
    ("neuron_peaks", "in_range", with_value("position", 0, 8)),
    ("neuron_peaks", "in_range", at("position", 7, prompt_id=SHORT)),
    ("neuron_peaks", "in_range", at("position", 2, prompt_id=5)),  # an attention sink
    ("neuron_top", "in_range", at("position", 2, prompt_id=5)),
    ("neuron_peaks", "finite", with_value("activation", float("-inf"), 0)),
    ("neuron_peaks", "over_threshold", with_value("activation", -0.001, 11)),
    ("neurons", "keys_unique", repeated(N_NEURONS - 1)),
    ("neurons", "in_range", with_value("firing_rate", 1.01, 2)),
    ("neurons", "in_range", with_value("std", -0.1, 2)),
    ("neurons", "in_range", with_value("top_prompt_id", N_PROMPTS, 2)),
    ("neurons", "in_range", with_value("top_position", 10, 2)),
    ("neurons", "finite", with_value("mean", float("nan"), 2)),
    ("neurons", "every_neuron", without(layer=1, neuron=17)),
    ("neuron_top", "keys_unique", swapped(3)),
    ("neuron_top", "keys_unique", lambda t: t.take(pa.array([*range(5, 10), *range(5)]))),
    ("neuron_top", "in_range", with_value("rank", 0, 0)),
    ("neuron_top", "in_range", with_value("rank", TOP_K + 1)),
    ("neuron_top", "in_range", with_value("sign", 0, 4)),
    ("neuron_top", "in_range", with_value("position", 0, 4)),
    ("neuron_top", "finite", with_value("activation", float("nan"), 4)),
    (
        "logit_lens",
        "keys_unique",
        lambda t: pa.concat_tables([t.slice(5, 5), t.slice(0, 5), t.slice(10)]),
    ),
    ("logit_lens", "in_range", with_value("rank", 6)),
    ("logit_lens", "in_range", with_value("next_rank", 0, 0)),
    ("logit_lens", "in_range", with_value("layer", -1, 0)),
    ("logit_lens", "finite", with_value("probability", float("nan"), 7)),
    ("logit_lens", "every_prompt", without(prompt_id=11)),
    ("logit_lens", "probabilities", with_value("probability", -0.01, 4)),
    ("logit_lens", "probabilities", with_value("next_probability", 1.01, 4)),
    ("logit_lens", "probabilities", with_value("probability", 0.999, 3)),
    ("logit_lens", "probabilities", shared_out),
    ("lens_translators", "keys_unique", repeated(3)),
    ("lens_translators", "in_range", with_value("dimension", -2, 0)),
    ("lens_quality", "keys_unique", repeated(1)),
    ("lens_quality", "in_range", with_value("top1_agreement", 1.5)),
    ("lens_quality", "finite", with_value("kl", float("nan"))),
    ("lens_readings", "keys_unique", repeated(6)),
    ("lens_readings", "in_range", with_value("rank", 6)),
    ("lens_readings", "finite", with_value("probability", float("nan"), 7)),
    ("lens_readings", "probabilities", with_value("probability", -0.01, 4)),
    ("attention", "keys_unique", lambda t: pa.concat_tables([t.slice(55), t.slice(0, 55)])),
    ("attention", "in_range", with_value("source_position", 10)),
    ("attention", "in_range", with_value("source_position", 9, row=0)),
    ("attention", "finite", with_value("weight", float("nan"), 30)),
    ("attention", "every_prompt", without(prompt_id=0)),
    ("attention", "probabilities", without(prompt_id=4, layer=1, position=6, source_position=0)),
    ("attention", "probabilities", with_value("weight", 1.02, 0)),
    ("attention", "probabilities", with_value("weight", 0.5)),
    ("thresholds", "keys_unique", repeated(1)),
    ("thresholds", "in_range", with_value("layer", N_LAYERS)),
    ("thresholds", "finite", with_value("threshold", float("inf"))),
    ("neuron_vocabulary", "keys_unique", repeated(19)),
    ("neuron_vocabulary", "in_range", with_value("token_id", -1)),
    ("neuron_vocabulary", "finite", with_value("score", float("nan"))),
    ("neuron_vocabulary_linear", "keys_unique", repeated(19)),
    ("neuron_vocabulary_linear", "in_range", with_value("token_id", -1)),
    ("neuron_vocabulary_linear", "finite", with_value("score", float("nan"))),
    ("neuron_map", "keys_unique", swapped(1)),
    ("neuron_map", "in_range", appended(neuron=N_NEURONS)),
    ("neuron_map", "in_range", with_value("cluster", -2)),
    ("neuron_map", "finite", with_value("x", float("nan"))),
    ("neuron_map", "every_neuron", without(layer=2, neuron=0)),
    ("prompt_map", "keys_unique", repeated(0)),
    ("prompt_map", "in_range", appended(prompt_id=N_PROMPTS)),
    ("prompt_map", "finite", with_value("y", float("inf"))),
    ("prompt_map", "every_prompt", without(prompt_id=1)),
    ("neuron_descriptions", "keys_unique", repeated(3)),
    ("neuron_descriptions", "in_range", with_value("precision", 1.5, 0)),
    ("neuron_descriptions", "finite", with_value("q_value", float("nan"), 0)),
    ("map_clusters", "keys_unique", repeated(3)),
    ("map_clusters", "in_range", with_value("cluster", None, 0)),
    ("map_clusters", "finite", with_value("x", float("nan"))),
    ("atlases", "keys_unique", repeated(0)),
    ("atlases", "in_range", with_value("n_prompts", 0)),
]

# `activations_by_neuron` differs from `activations` as soon as anything in it is wrong: these are
# tried where `activations` isn't there.
FAULTS_BY_NEURON: list[tuple[str, Change]] = [
    ("keys_unique", repeated(40)),
    ("keys_unique", swapped(70)),
    ("in_range", with_value("layer", N_LAYERS)),
    ("in_range", with_value("prompt_id", None, 9)),
    ("finite", with_value("activation", float("nan"), 9)),
    ("over_threshold", times("activation", 0.001, 9)),
]


@pytest.mark.parametrize("table", TABLES)
def test_intact_table_passes(intact: Lake, table: str) -> None:
    outcomes = checks.run(intact, where(table), table)
    assert [o.name for o in outcomes] == checks.names(table)
    rows = pq.read_table(intact.files(where(table), table)).num_rows
    for outcome in outcomes:
        assert outcome.passed, outcome
        assert outcome.metadata == {"rows": rows, "faults": 0}
        assert outcome.detail == f"{rows:,} rows"


@pytest.mark.parametrize(
    ("table", "check", "how"), [pytest.param(*f, id=f"{f[0]}-{f[1]}") for f in FAULTS]
)
def test_fault_fails_its_check_alone(copy: Lake, table: str, check: str, how: Change) -> None:
    change(copy, table, how)
    assert failed(copy, table) == [check]


@pytest.mark.parametrize(("check", "how"), [pytest.param(*f, id=f[0]) for f in FAULTS_BY_NEURON])
def test_fault_in_neuron_order(copy: Lake, check: str, how: Change) -> None:
    copy.remove(MODEL, "activations")
    change(copy, "activations_by_neuron", how)
    assert failed(copy, "activations_by_neuron") == [check]


def exchanged(t: pa.Table) -> pa.Table:
    """Exchange two activations of a layer: the same keys, the same values, other rows."""
    first, second = t["activation"][0].as_py(), t["activation"][1].as_py()
    assert first != second
    return with_value("activation", first, 1)(with_value("activation", second, 0)(t))


@pytest.mark.parametrize(
    "how",
    [lambda t: t.slice(1), times("activation", 1.001, 33), exchanged],
    ids=["row gone", "value changed", "values exchanged"],
)
def test_orders_hold_the_same_rows(copy: Lake, how: Change) -> None:
    change(copy, "activations_by_neuron", how)
    assert failed(copy, "activations_by_neuron") == ["same_rows"]


def test_every_check_has_a_fault_that_fails_it() -> None:
    tried = {(table, check) for table, check, _ in FAULTS}
    tried |= {("activations_by_neuron", check) for check, _ in FAULTS_BY_NEURON}
    tried |= {("activations_by_neuron", "same_rows")}
    assert tried == {(table, check) for table in TABLES for check in checks.names(table)}


@pytest.mark.parametrize("table", sorted(KNOWLEDGE))
def test_tables_about_facts_pass_and_a_bad_row_is_found(tmp_path: Path, table: str) -> None:
    made = make_lake(tmp_path)
    where = lake.corpus("made") if KNOWLEDGE[table].kind == "corpus" else lake.model("tiny")
    assert [o for o in checks.run(made, where, table) if not o.passed] == []
    rows = made.read(where, table)
    made.write(where, table, pa.concat_tables([rows, rows.slice(0, 1)]), FINGERPRINT)
    failed = {o.name for o in checks.run(made, where, table) if not o.passed}
    assert failed == {"keys_unique"}
