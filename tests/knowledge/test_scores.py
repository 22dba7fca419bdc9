"""Tables of attributions against the arrays they are made of."""

import numpy as np
import pytest

from kn_assets.knowledge.attribution import Attribution, attribute
from kn_assets.knowledge.last_token import last_token
from kn_assets.knowledge.questions import Question
from kn_assets.knowledge.scores import attribute_all, tables
from kn_assets.lake.schema import KNOWLEDGE
from tests.knowledge import naive


def test_tables_hold_what_is_over_the_floor() -> None:
    model = naive.loaded("gpt2")
    asked = [Question(4, 0, (5, 9, 30), 7), Question(4, 1, (77, 12), 9), Question(6, 0, (1,), 2)]
    kept, errors = attribute_all(model, asked, steps=5, floor=0.3)
    assert kept.schema == KNOWLEDGE["attributions"].schema
    assert errors.schema == KNOWLEDGE["attribution_error"].schema
    rows = iter(kept.to_pylist())
    gaps = iter(errors.to_pylist())
    for q in asked:
        alone = attribute(last_token(model, q.ids), q.answer, steps=5)
        least = 0.3 * alone.scores.max()
        for layer, neuron in np.argwhere(alone.scores >= least):
            row = next(rows)
            assert (row["fact_id"], row["prompt"]) == (q.fact_id, q.prompt)
            assert (row["layer"], row["neuron"]) == (layer, neuron)
            assert row["score"] == pytest.approx(float(alone.scores[layer, neuron]), rel=1e-5)
        for layer in range(3):
            row = next(gaps)
            assert (row["fact_id"], row["prompt"], row["layer"]) == (
                q.fact_id,
                q.prompt,
                layer,
            )
            total = alone.scores[layer].astype(float).sum()
            difference = alone.actual - alone.zeroed[layer]
            assert row["attribution_sum"] == pytest.approx(total, abs=1e-9)
            assert row["probability_drop"] == pytest.approx(difference, abs=1e-9)
            assert row["relative_error"] == pytest.approx(abs(total - difference) / abs(difference))
    assert next(rows, None) is None and next(gaps, None) is None


def test_nothing_positive_and_nothing_to_explain() -> None:
    """A layer that changes nothing has no relative gap; negative scores are never kept."""
    scores = np.array([[-1.0, -0.5], [0.0, 0.0]], np.float32)
    found = Attribution([0, 1], scores, actual=0.5, zeroed=np.array([2.0, 0.5]))
    kept, errors = tables(Question(0, 0, (1,), 1), found)
    assert kept.num_rows == 0
    assert errors["relative_error"].to_pylist() == [0.0, None]
    empty = attribute_all(naive.loaded("gpt2"), [])
    assert [t.num_rows for t in empty] == [0, 0]
