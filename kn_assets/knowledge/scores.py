"""Attributions of many questions as the tables `attributions` and `attribution_error`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kn_assets.knowledge.attribution import RULE, STEPS, Attribution, Rule, attribute
from kn_assets.knowledge.last_token import last_token
from kn_assets.knowledge.questions import Question
from kn_assets.knowledge.work import Part, Parts, at_once
from kn_assets.lake.schema import KNOWLEDGE
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.models.load import LoadedModel

FLOOR = 0.05
"""Scores of this share of the prompt's largest and over are kept; the coarse set needs 0.2."""


def attribute_all(
    loaded: LoadedModel,
    questions: Sequence[Question],
    steps: int = STEPS,
    rule: Rule = RULE,
    progress: Progress | None = None,
    parts: Parts = at_once,
    floor: float = FLOOR,
) -> tuple[pa.Table, pa.Table]:
    """Attribute each answer to the neurons of all layers: `attributions` and `attribution_error`.

    In the order given, one question at a time, which is a part. Of each the scores are kept that
    are positive and at least `floor` times its largest.
    """

    def make(left: list[int]) -> Iterator[Part]:
        n, done = len(questions), len(questions) - len(left)
        with (progress or Progress()).bar("attribution", n, "prompts", done) as bar:
            for i in left:
                last = last_token(loaded, questions[i].ids)
                found = attribute(last, questions[i].answer, steps, rule)
                yield tables(questions[i], found, floor)
                bar.advance()

    names = [f"{q.fact_id}-{q.prompt}" for q in questions]
    made = parts("attribution", names, make)
    kept = [_empty("attributions"), *(of_prompt[0] for of_prompt in made)]
    errors = [_empty("attribution_error"), *(of_prompt[1] for of_prompt in made)]
    return pa.concat_tables(kept), pa.concat_tables(errors)


def tables(
    question: Question, found: Attribution, floor: float = FLOOR
) -> tuple[pa.Table, pa.Table]:
    """The rows of `attributions` and `attribution_error` of one question."""
    layers = np.array(found.layers, np.int16)
    largest = found.scores.max()
    at, neuron = np.nonzero(found.scores >= (floor * largest if largest > 0 else np.inf))
    kept = _rows("attributions", question, layers[at], neuron, found.scores[at, neuron])
    relative = pa.array(found.relative_errors, from_pandas=True)  # NaN is null
    sums, drops = found.attribution_sums, found.probability_drops
    errors = _rows("attribution_error", question, layers, sums, drops, relative)
    return kept, errors


def _rows(name: str, question: Question, *columns: np.ndarray | pa.Array) -> pa.Table:
    n = len(columns[0])
    ids = [np.full(n, question.fact_id), np.full(n, question.prompt)]
    of = pa.array([question.fact_set] * n, pa.string())
    schema = KNOWLEDGE[name].schema
    arrays = [pa.array(c).cast(t) for c, t in zip([*ids, *columns, of], schema.types, strict=True)]
    return pa.table(arrays, schema=schema)


def _empty(name: str) -> pa.Table:
    return KNOWLEDGE[name].schema.empty_table()
