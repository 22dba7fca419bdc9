"""Attributions of many questions as the tables `attributions` and `attribution_error`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kn_assets.knowledge.attribution import RULE, STEPS, Attribution, Rule, attribute
from kn_assets.knowledge.last_token import last_token
from kn_assets.knowledge.questions import Question
from kn_assets.progress import Progress
from kn_assets.schema import KNOWLEDGE

if TYPE_CHECKING:
    from kn_assets.models.load import LoadedModel

FLOOR = 0.05
"""Scores of this share of the prompt's largest and over are kept; the coarse set needs 0.2."""

Scored = tuple[Question, Attribution]


def attribute_all(
    loaded: LoadedModel,
    questions: Iterable[Question],
    steps: int = STEPS,
    rule: Rule = RULE,
    progress: Progress | None = None,
    done: int = 0,
) -> Iterator[Scored]:
    """Attribute each question's answer to the neurons of all layers, one question at a time.

    done: how many others an earlier run attributed, for the progress alone.
    """
    asked = list(questions)
    shown = progress or Progress()
    with shown.bar("attribution", done + len(asked), "prompts", done) as bar:
        for question in asked:
            last = last_token(loaded, question.ids)
            yield question, attribute(last, question.answer, steps, rule)
            bar.advance()


def tables(scored: Iterable[Scored], floor: float = FLOOR) -> tuple[pa.Table, pa.Table]:
    """The tables `attributions` and `attribution_error`, in the order given.

    Of each prompt the scores are kept that are positive and at least `floor` times its largest.
    """
    return joined(_of_prompt(question, found, floor) for question, found in scored)


def joined(parts: Iterable[tuple[pa.Table, pa.Table]]) -> tuple[pa.Table, pa.Table]:
    """Pairs of the two tables as one pair, in the order given."""
    kept, errors = [], []
    for of_kept, of_errors in parts:
        kept.append(of_kept)
        errors.append(of_errors)
    return _joined("attributions", kept), _joined("attribution_error", errors)


def _of_prompt(question: Question, found: Attribution, floor: float) -> tuple[pa.Table, pa.Table]:
    layers = np.array(found.layers, np.int16)
    largest = found.scores.max()
    at, neuron = np.nonzero(found.scores >= (floor * largest if largest > 0 else np.inf))
    kept = _rows("attributions", question, layers[at], neuron, found.scores[at, neuron])
    gaps = pa.array(found.gaps, from_pandas=True)  # NaN is null
    errors = _rows("attribution_error", question, layers, found.totals, found.differences, gaps)
    return kept, errors


def _rows(name: str, question: Question, *columns: np.ndarray | pa.Array) -> pa.Table:
    n = len(columns[0])
    ids = [np.full(n, question.fact_id), np.full(n, question.paraphrase)]
    schema = KNOWLEDGE[name].schema
    arrays = [pa.array(c).cast(t) for c, t in zip([*ids, *columns], schema.types, strict=True)]
    return pa.table(arrays, schema=schema)


def _joined(name: str, parts: list[pa.Table]) -> pa.Table:
    return pa.concat_tables([KNOWLEDGE[name].schema.empty_table(), *parts])
