"""Each check fails for the fault it looks for, alone, and none fails for an intact table."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kn_assets import checks, lake
from kn_assets.checks import rows as check_rows
from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.made_up import FINGERPRINT
from kn_assets.schema import KNOWLEDGE, TABLES
from tests.synthetic import make_lake

Change = Callable[[pa.Table], pa.Table]

CORPUS, MODEL = lake.corpus("made"), lake.model("tiny")
N_LAYERS, N_NEURONS, N_PROMPTS = 3, 40, 12  # make_lake's defaults
SHORT = 3  # a prompt of 7 tokens, where most have 10
TOP_K = 5


def where(table: str) -> Partition:
    return CORPUS if TABLES[table].kind == "corpus" else MODEL


def change(found: Lake, table: str, how: Change, fingerprint: str = FINGERPRINT) -> None:
    changed = how(found.read(where(table), table))
    found.write(where(table), table, changed.combine_chunks(), fingerprint)


def failed(found: Lake, table: str) -> list[str]:
    return [o.name for o in checks.run(found, where(table), table) if not o.passed]


# -- ways to spoil a table ----------------------------------------------------------------------


def with_value(column: str, value: object, row: int = -1) -> Change:
    """Put a value in one row of a column."""

    def how(table: pa.Table) -> pa.Table:
        values = table[column].to_pylist()
        values[row] = value
        at = table.schema.get_field_index(column)
        return table.set_column(at, table.schema.field(at), pa.array(values, table[column].type))

    return how


def times(column: str, factor: float, row: int) -> Change:
    def how(table: pa.Table) -> pa.Table:
        return with_value(column, factor * table[column][row].as_py(), row)(table)

    return how


def repeated(row: int) -> Change:
    """Let a row follow itself."""
    return lambda t: pa.concat_tables([t.slice(0, row + 1), t.slice(row)])


def appended(**values: object) -> Change:
    """Add the last row once more, with some values changed."""

    def how(table: pa.Table) -> pa.Table:
        last = table.slice(len(table) - 1)
        for column, value in values.items():
            last = with_value(column, value)(last)
        return pa.concat_tables([table, last])

    return how


def without(**values: int) -> Change:
    """Drop the rows which have all of some values."""

    def how(table: pa.Table) -> pa.Table:
        gone = np.logical_and.reduce([table[c].to_numpy() == v for c, v in values.items()])
        assert gone.any()
        return table.filter(pa.array(~gone))

    return how


def swapped(row: int) -> Change:
    """Exchange a row with the next."""

    def how(table: pa.Table) -> pa.Table:
        order = np.arange(len(table))
        order[[row, row + 1]] = [row + 1, row]
        return table.take(pa.array(order))

    return how


def row_of(table: pa.Table, **values: int) -> int:
    """The first row that has all of some values."""
    there = np.logical_and.reduce([table[c].to_numpy() == v for c, v in values.items()])
    return int(np.flatnonzero(there)[0])


def at(column: str, value: object, **values: int) -> Change:
    """Put a value in the first row that has some values."""
    return lambda t: with_value(column, value, row_of(t, **values))(t)


def last_of_prompt(column: str, value: int, prompt: int) -> Change:
    def how(table: pa.Table) -> pa.Table:
        row = int(np.flatnonzero(table["prompt_id"].to_numpy() == prompt)[-1])
        return with_value(column, value, row)(table)

    return how


def shared_out(t: pa.Table) -> pa.Table:
    """Give five tokens of the first rows a probability of 0.3 each."""
    for row in range(5):
        t = with_value("probability", 0.3, row)(t)
    return t


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
    ("neuron_map", "keys_unique", swapped(1)),
    ("neuron_map", "in_range", appended(neuron=N_NEURONS)),
    ("neuron_map", "in_range", with_value("cluster", -2)),
    ("neuron_map", "finite", with_value("x", float("nan"))),
    ("neuron_map", "every_neuron", without(layer=2, neuron=0)),
    ("prompt_map", "keys_unique", repeated(0)),
    ("prompt_map", "in_range", appended(prompt_id=N_PROMPTS)),
    ("prompt_map", "finite", with_value("y", float("inf"))),
    ("prompt_map", "every_prompt", without(prompt_id=1)),
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


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    found = make_lake(tmp_path_factory.mktemp("intact"))
    change(found, "atlases", with_value("settings", json.dumps({"top_k": TOP_K})))
    return found


@pytest.fixture
def copy(intact: Lake, tmp_path: Path) -> Lake:
    shutil.copytree(intact.root, tmp_path / "copy")
    return Lake(tmp_path / "copy")


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


@pytest.mark.parametrize("table", sorted(KNOWLEDGE))
def test_tables_about_facts_pass_and_a_bad_row_is_found(tmp_path: Path, table: str) -> None:
    made = make_lake(tmp_path)
    where = lake.corpus("made") if KNOWLEDGE[table].kind == "corpus" else lake.model("tiny")
    assert [o for o in checks.run(made, where, table) if not o.passed] == []
    rows = made.read(where, table)
    made.write(where, table, pa.concat_tables([rows, rows.slice(0, 1)]), FINGERPRINT)
    failed = {o.name for o in checks.run(made, where, table) if not o.passed}
    assert failed == {"keys_unique"}
