"""Which answers count as known while a model trains: those that are strictly the likeliest."""

from __future__ import annotations

import math
from typing import Any, cast

import pyarrow as pa
import pytest

from kn_assets.knowledge.questions import Question
from kn_assets.training import known

NAN = math.nan


@pytest.mark.parametrize(
    ("rank", "top", "share"),
    [
        (1, [0.6, 0.4], 1.0),
        (1, [0.5, 0.5], 0.0),  # as rounding leaves two logits that are not the same
        (1, [NAN, NAN], 0.0),
        (1, [NAN, 0.4], 0.0),
        (2, [0.6, 0.4], 0.0),
    ],
)
def test_neither_a_tie_nor_nan_is_known(
    monkeypatch: pytest.MonkeyPatch, rank: int, top: list[float], share: float
) -> None:
    rows = pa.table(
        {"fact_id": [0], "rank": [rank], "probability": top[:1], "top_probabilities": [top]}
    )
    monkeypatch.setattr(known, "answer", lambda _loaded, _questions: rows)
    asked = cast("list[Question]", [object()])
    exam = known.Exam(asked, asked)
    assert exam.marks(cast("Any", None)).known == (share, share)


def test_of_no_question_nothing_is_known() -> None:
    trained, held_out = known.Exam([], []).marks(cast("Any", None)).known
    assert math.isnan(trained) and math.isnan(held_out)
