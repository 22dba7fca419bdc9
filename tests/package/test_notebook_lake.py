"""A lake in a notebook: questions, SQL with parameters, activations as arrays, plain errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import kn_assets
from kn_assets.lake import Lake
from kn_assets.lake import model as partition
from kn_assets.launch.run import run
from tests.made import make_lake
from tests.small import request as small_request

N_PROMPTS, N_TOKENS, N_LAYERS, N_NEURONS = 6, 8, 3, 40


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> kn_assets.OpenLake:
    root = tmp_path_factory.mktemp("lake")
    shape = {"n_prompts": N_PROMPTS, "n_tokens": N_TOKENS, "n_layers": N_LAYERS}
    make_lake(root, model="tiny", n_neurons=N_NEURONS, **shape)
    make_lake(root, model="other", n_layers=2, seed=3)
    return kn_assets.open(root)


def test_atlases_are_listed(lake: kn_assets.OpenLake) -> None:
    rows = list(lake.atlases())
    assert [row["model"] for row in rows] == ["other", "tiny"]
    assert rows[1]["n_layers"] == N_LAYERS
    assert len(lake.atlases()) == 2
    assert "tiny" in repr(lake)


def test_an_answer_is_the_same_in_each_form(lake: kn_assets.OpenLake) -> None:
    answer = lake.ask.prompt_tokens("tiny", 1)
    table = answer.arrow()
    assert table.num_rows
    assert answer.columns == table.column_names == list(answer.df().columns)
    assert answer.df()["position"].tolist() == table["position"].to_pylist()
    assert answer.relation().fetchall() == [tuple(row.values()) for row in answer]


@pytest.fixture(scope="module")
def busiest(lake: kn_assets.OpenLake) -> tuple[int, int]:
    """Layer and number of the neuron that fires at most tokens."""
    sql = "SELECT layer, neuron FROM neurons WHERE model = ? ORDER BY n_fired DESC LIMIT 1"
    (row,) = lake.sql(sql, ["tiny"])
    return row["layer"], row["neuron"]


def test_a_macro_is_asked_by_name_or_as_a_function(
    lake: kn_assets.OpenLake, busiest: tuple[int, int]
) -> None:
    by_name = lake.ask("neuron_prompts", "tiny", *busiest, 4).arrow()
    assert by_name.num_rows == 4
    for row in by_name.to_pylist():
        assert len(row["tokens"]) == len(row["activations"])
    assert lake.ask.neuron_prompts("tiny", *busiest, k=4).arrow().equals(by_name)


def test_parameters_with_a_default_may_be_left_out(
    lake: kn_assets.OpenLake, busiest: tuple[int, int]
) -> None:
    left_out = lake.ask.neuron_sample("tiny", *busiest, 3).arrow()
    assert left_out.num_rows == 3
    assert lake.ask.neuron_sample("tiny", *busiest, 3, 0).arrow().equals(left_out)
    assert lake.ask.neuron_sample("tiny", *busiest, 3, seed=0).arrow().equals(left_out)


def test_macros_complete_and_say_what_they_mean(lake: kn_assets.OpenLake) -> None:
    assert {"heatmap", "lens", "search_cities"} <= set(dir(lake.ask))
    assert repr(lake.ask.heatmap) == "heatmap(model, prompt)"
    assert "seed=0" in repr(lake.ask)
    assert "fired in a prompt" in str(lake.ask.heatmap.__doc__)
    assert not hasattr(lake.ask, "nothing")


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("SELECT neuron FROM neurons WHERE model = ? AND layer = ? ORDER BY 1;", ["tiny", 1]),
        (
            "SELECT neuron FROM neurons WHERE model = $m AND layer = $n ORDER BY 1",
            {"m": "tiny", "n": 1},
        ),
    ],
)
def test_sql_takes_parameters(lake: kn_assets.OpenLake, sql: str, values: object) -> None:
    rows = lake.sql(sql, values).arrow()["neuron"].to_pylist()  # type: ignore[arg-type]
    assert rows == list(range(N_NEURONS))


def test_stored_activations_are_those_of_the_table(lake: kn_assets.OpenLake) -> None:
    values = lake.activations("tiny", 2)
    n_tokens = len(lake.ask.prompt_tokens("tiny", 2))
    assert values.shape == (N_LAYERS, n_tokens, N_NEURONS)
    assert values.dtype == np.float32
    rows = Lake(lake.root).read(partition("tiny"), "activations").to_pylist()
    expected = np.zeros_like(values)
    for row in rows:
        if row["prompt_id"] == 2:
            expected[row["layer"], row["position"], row["neuron"]] = row["activation"]
    assert (expected != 0).any()
    np.testing.assert_array_equal(values, expected)
    np.testing.assert_array_equal(lake.activations("tiny", prompt=2, layer=1), expected[1])
    unknown = lake.activations("tiny", 2, missing=np.nan)
    np.testing.assert_array_equal(np.isnan(unknown), expected == 0)


def test_the_model_computes_what_the_atlas_left_out(tmp_path: Path) -> None:
    asked = small_request(tmp_path, only=("activations", "tokens", "thresholds"))
    run(asked)
    lake = kn_assets.open(asked.lake.root)
    (atlas,) = [row["model"] for row in lake.atlases()]
    stored = lake.activations(atlas, 0, missing=np.nan)
    computed = lake.activations(atlas, 0, live=True)
    assert computed.dtype == np.float32
    fired = ~np.isnan(stored)
    assert fired.any()
    assert not fired.all()
    np.testing.assert_allclose(computed[fired], stored[fired], rtol=2e-3)
    thresholds = lake.sql("SELECT threshold FROM thresholds ORDER BY layer").df()["threshold"]
    limits = np.broadcast_to(thresholds.to_numpy()[:, None, None], fired.shape)
    assert (np.abs(computed[~fired]) < limits[~fired]).all()
    np.testing.assert_array_equal(lake.activations(atlas, 0, 1, live=True), computed[1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda lake: lake.ask("nothing"), "no macro is called nothing"),
        (lambda lake: lake.ask.heatmap("tiny"), r"heatmap\(model, prompt\): missing .*'prompt'"),
        (
            lambda lake: lake.ask.heatmap("none", 0),
            "no atlas is called none: there are other, tiny",
        ),
        (lambda lake: lake.activations("none", 0), "no atlas is called none"),
        (lambda lake: lake.activations("tiny", 99), "atlas tiny has no prompt 99"),
        (lambda lake: lake.activations("tiny", 0, 7), "atlas tiny has no layer 7, but 0 to 2"),
        (lambda lake: lake.activations("tiny", 0, live=True), "not on this machine"),
        (lambda lake: lake.sql("SELECT nothing FROM neurons"), '"nothing" not found'),
        (lambda lake: lake.sql("SELECT ?"), "Values were not provided"),
        (lambda lake: lake.sql("SELECT 1 / (SELECT unnest([1, 2]))").df(), "More than one row"),
        (lambda lake: kn_assets.open(lake.root / "nowhere"), "there is no lake at"),
    ],
)
def test_errors_say_what_is_wrong(
    lake: kn_assets.OpenLake, call: Callable[[kn_assets.OpenLake], object], message: str
) -> None:
    with pytest.raises(kn_assets.KnError, match=message):
        call(lake)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t AS SELECT 1",
        "COPY (SELECT 1) TO 'here.csv'",
        "WITH c AS (COPY (SELECT 1) TO 'here.csv') FROM c",
        "FROM read_text('/etc/hostname')",
        "DELETE FROM neurons",
        "SELECT 1; SELECT 2",
    ],
)
def test_only_reading_is_allowed(lake: kn_assets.OpenLake, sql: str) -> None:
    with pytest.raises(kn_assets.KnError):
        lake.sql(sql)
