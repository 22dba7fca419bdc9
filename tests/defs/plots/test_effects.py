"""The picture of interventions shows each condition's change and interval."""

from __future__ import annotations

import numpy as np
import pytest

from kn_assets import lake as lakes
from kn_assets.defs.plots import plot
from kn_assets.lake import Lake
from tests.defs.plots.reading import MODEL, drawn, replace_column


def test_changes_and_intervals(made: Lake) -> None:
    rows = made.read(MODEL, "intervention_effects").to_pandas()
    relations = ["all", *sorted(set(rows.relation) - {"all"})]
    panels = drawn(made, "intervention_effects").axes
    names = {"knowledge neurons": "knowledge_neurons", "activation-matched": "activation_matched"}
    names |= {"random": "random", "other fact": "other_fact", "same subject": "same_subject"}
    assert [t.get_text() for t in panels[0].get_yticklabels()] == relations
    for axes, kind in zip(panels, ("suppress", "amplify"), strict=True):
        points = {line.get_label(): line for line in axes.lines if line.get_marker() == "o"}
        assert set(points) == set(names)
        spans = [s for found in axes.collections for s in found.get_segments()]
        for label, condition in names.items():
            mine = rows[(rows.kind == kind) & (rows.condition == condition)].set_index("relation")
            x, y = points[label].get_data()
            np.testing.assert_array_equal(np.round(y), range(len(relations)))
            np.testing.assert_allclose(x, 100 * mine.relative_change[relations])
            for relation, at in zip(relations, y, strict=True):
                low, high = (100 * mine[end][relation] for end in ("ci_low", "ci_high"))
                span = np.array([[low, at], [high, at]])
                assert any(np.allclose(span, s) for s in spans), (label, relation)


def test_the_last_steps_neurons_are_shown_where_there_are_any(made: Lake, copy: Lake) -> None:
    early = lakes.model(f"{MODEL.key}@step0")
    copy.write(
        MODEL, "intervention_effects", made.read(early, "intervention_effects"), "of an early step"
    )
    labels = [line.get_label() for line in drawn(copy, "intervention_effects").axes[0].lines]
    assert labels[:2] == ["knowledge neurons", "final checkpoint"]


@pytest.mark.parametrize("column", ["ci_low", "relation"])
def test_intervals_and_relations_that_are_missing(copy: Lake, column: str) -> None:
    n = copy.read(MODEL, "intervention_effects").num_rows
    values = {"ci_low": [None] * n, "relation": [f"${i}" for i in range(n)]}
    replace_column(copy, "intervention_effects", column, values[column])
    assert plot(copy, MODEL, "intervention_effects") is not None
