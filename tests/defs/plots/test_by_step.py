"""Pictures over the steps of a training show the numbers that SQL finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kn_assets.defs.plots import source
from kn_assets.defs.plots.canvas import CATEGORIES
from kn_assets.lake import Lake
from tests.defs.plots.reading import (
    CORPUS,
    MODEL,
    STEPS_KEPT,
    ask,
    drawn,
    heights,
    replace_column,
    where,
)

KNOWN = """
    SELECT step, avg(known::INT) FROM (
        SELECT step, avg(greedy::INT) >= 0.5 AS known
        FROM fact_steps JOIN facts USING (fact_id) WHERE {which} GROUP BY step, fact_id
    ) GROUP BY step ORDER BY step
"""


def lines(axes: Any) -> dict[str, np.ndarray]:
    """Label -> points of each line, float64 [points, 2]."""
    return {line.get_label(): np.array(line.get_xydata()) for line in axes.lines}


@pytest.fixture(autouse=True, params=[7, 1 << 18])
def _batches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps come in several batches, and in one."""
    monkeypatch.setattr(source, "_BATCH", request.param)


def test_steps_are_whole_whatever_the_batches(made: Lake) -> None:
    of = source.Source(made, MODEL, "layer_steps")
    whole = made.read(MODEL, "layer_steps").to_pandas()
    found = list(of.steps("layer", "n_alive"))
    assert [step for step, _ in found] == list(STEPS_KEPT)
    for step, (layer, n) in found:
        mine = whole[whole.step == step]
        assert layer.tolist() == mine.layer.tolist()
        assert n.tolist() == mine.n_alive.tolist()


def test_facts_known_by_wording_and_relation(made: Lake) -> None:
    left, right = drawn(made, "fact_steps").axes
    relations = set(made.read(CORPUS, "facts")["relation"].to_pylist())
    assert len(relations) > 2
    assert set(lines(left)) == {"trained prompts", "held-out prompts"}
    assert set(lines(right)) == relations
    for axes, name, which in (
        (left, "trained prompts", "trained"),
        (left, "held-out prompts", "NOT trained"),
        *((right, name, f"relation = '{name}'") for name in relations),
    ):
        wanted = ask(made, KNOWN.format(which=which), "fact_steps", "facts")
        np.testing.assert_allclose(lines(axes)[name], wanted, err_msg=name)


def test_wordings_of_which_nobody_knows_whether_they_were_told(copy: Lake) -> None:
    replace_column(copy, "fact_steps", "trained", [None] * copy.read(MODEL, "fact_steps").num_rows)
    left, _ = drawn(copy, "fact_steps").axes
    assert list(lines(left)) == ["all prompts"]


def test_more_relations_than_can_be_told_apart(copy: Lake) -> None:
    n = copy.read(CORPUS, "facts").num_rows
    replace_column(copy, "facts", "relation", [f"$r{i}$" for i in range(n)])
    _, right = drawn(copy, "fact_steps").axes
    shown = lines(right)
    assert len(shown) == len(CATEGORIES) + 1
    assert list(shown)[-1] == "other"
    facts = len(set(copy.read(MODEL, "fact_steps")["fact_id"].to_pylist()))
    known = sum(shown[name][:, 1] for name in list(shown)[:-1])
    known = known + shown["other"][:, 1] * (facts - len(CATEGORIES))
    total = "SELECT sum(known::INT) FROM (SELECT step, avg(greedy::INT) >= 0.5 AS known FROM "
    total += "fact_steps GROUP BY step, fact_id) GROUP BY step ORDER BY step"
    np.testing.assert_allclose(known, ask(copy, total, "fact_steps")[:, 0])


def test_facts_of_a_corpus_that_is_gone(copy: Lake) -> None:
    copy.remove(CORPUS, "facts")
    _, right = drawn(copy, "fact_steps").axes
    assert list(lines(right)) == ["all relations"]


def test_neurons_and_their_final_selves(made: Lake) -> None:
    left, right = drawn(made, "neuron_steps").axes
    for axes, column, kept in ((left, "final_overlap", 3), (right, "100 * firing_rate", 4)):
        parts = ", ".join(f"quantile_cont({column}, {q})" for q in (0.1, 0.5, 0.9))
        sql = f"SELECT step, {parts} FROM neuron_steps GROUP BY step ORDER BY step LIMIT {kept}"
        rows = ask(made, sql, "neuron_steps")
        (median,) = axes.lines
        np.testing.assert_allclose(median.get_xydata(), rows[:, [0, 2]], rtol=1e-6)
        outline = axes.collections[0].get_paths()[0].vertices
        for column_of in (1, 3):
            for point in rows[:, [0, column_of]]:
                assert np.isclose(outline, point, rtol=1e-6).all(axis=1).any()
    assert "step 64" in left.get_ylabel()


def test_neurons_alive_born_and_died(made: Lake) -> None:
    figure = drawn(made, "layer_steps")
    left, right = (axes for axes in figure.axes if axes.get_label() != "<colorbar>")
    alive = ask(made, "SELECT step, n_alive FROM layer_steps ORDER BY layer, step", "layer_steps")
    shown = np.concatenate([line.get_xydata() for line in left.lines])
    np.testing.assert_array_equal(shown, alive)
    sums = ask(
        made,
        "SELECT step, sum(births), sum(deaths) FROM layer_steps WHERE step > 0 GROUP BY step "
        "ORDER BY step",
        "layer_steps",
    )
    np.testing.assert_array_equal(lines(right)["born"], sums[:, [0, 1]])
    np.testing.assert_array_equal(lines(right)["died"], sums[:, [0, 2]])


def test_maps_of_some_steps(made: Lake) -> None:
    figure = drawn(made, "neuron_map_steps")
    panels = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    assert [axes.get_title() for axes in panels] == ["step 0", "step 8", "step 64"]
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in panels}) == 1
    for axes, step in zip(panels, (0, 8, 64), strict=True):
        (points,) = axes.collections
        wanted = ask(
            made,
            f"SELECT x, y, layer FROM neuron_map_steps WHERE step = {step} ORDER BY ALL",
            "neuron_map_steps",
        )
        shown = np.column_stack([points.get_offsets(), points.get_array()])
        np.testing.assert_array_equal(shown[np.lexsort(shown.T[::-1])], wanted)
        low, high = axes.get_xlim()
        assert low < wanted[:, 0].min()
        assert wanted[:, 0].max() < high


def test_what_training_noted(made: Lake) -> None:
    left, right = drawn(made, "training_log").axes
    rows = ask(
        made,
        "SELECT step, loss, known_trained, known_held_out FROM training_log ORDER BY 1",
        "training_log",
    )
    np.testing.assert_allclose(left.lines[0].get_xydata(), rows[1:, :2])
    np.testing.assert_allclose(lines(right)["trained prompts"], rows[:, [0, 2]])
    np.testing.assert_allclose(lines(right)["held-out prompts"], rows[:, [0, 3]])
    assert left.get_xscale() == "function"
    at = left.xaxis.get_transform().transform(np.array([0.0, 1.0, 64.0]))
    np.testing.assert_allclose(at, np.log([1, 2, 65]))


def test_answers_by_layer(made: Lake) -> None:
    left, right = drawn(made, "fact_lens").axes
    rows = ask(
        made,
        "SELECT avg((rank = 1)::INT), median(probability) FROM fact_lens GROUP BY layer "
        "ORDER BY layer",
        "fact_lens",
    )
    np.testing.assert_allclose(heights(left), rows[:, 0])
    np.testing.assert_allclose(right.lines[0].get_ydata(), rows[:, 1], rtol=1e-6)
    assert where("fact_lens").key in drawn(made, "fact_lens").get_suptitle()
