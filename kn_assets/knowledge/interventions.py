"""Suppress or amplify a fact's knowledge neurons at the answer position, with four controls.

Dai et al. 2021 set a fact's knowledge neurons to 0 and to twice their value. Whether the effect is
specific to the *fact*, which Niu et al. 2024 contest, shows only in comparison with `controls`.

At an earlier checkpoint of a training there is also the condition final_checkpoint: the fact's
knowledge neurons at the last checkpoint.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kn_assets.errors import KnError
from kn_assets.knowledge.answers import Outcomes
from kn_assets.knowledge.controls import (
    MATCHED_SETS,
    OTHER_FACTS,
    OTHER_PROMPTS,
    RANDOM_SETS,
    Neurons,
    matched_sets,
    other_facts,
    random_neurons,
    same_subject,
)
from kn_assets.knowledge.last_token import LastToken, last_token
from kn_assets.knowledge.questions import Question
from kn_assets.knowledge.work import Part, Parts, at_once
from kn_assets.lake.schema import KNOWLEDGE
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.load import LoadedModel

AMPLIFY = 2.0
_KEPT = 64  # last positions of other facts

Set = tuple[str, int, Neurons]
"""Neurons to change by their condition and the number of the draw."""


@dataclass(frozen=True)
class Change:
    """Neurons to change, and what their activations at the answer position are multiplied by."""

    neurons: Neurons
    factor: float


def change(last: LastToken, answer: int, changes: Sequence[Change]) -> Outcomes:
    """The answer under each change by itself: one row each, the first without a change.

    Raises KnError for neurons that the model doesn't have.
    """
    import torch

    with torch.no_grad():
        before = last.parts.logits(last.final)[:, 0]
        after = before.expand(len(changes), -1).clone()
        real = [i for i, c in enumerate(changes) if c.neurons and c.factor != 1]
        if real:
            scaled = last.scale(_factors(last, [changes[i] for i in real]))
            after[real] = last.parts.logits(scaled)[:, 0]
    return Outcomes.of(torch.cat([before, after]), [answer] * (len(changes) + 1))


def intervene(
    loaded: LoadedModel,
    questions: Sequence[Question],
    knowledge_neurons: pa.Table,
    facts: pa.Table,
    amplify: float = AMPLIFY,
    seed: int = 0,
    progress: Progress | None = None,
    final: pa.Table | None = None,
    parts: Parts = at_once,
    known: Sequence[Question] | None = None,
) -> pa.Table:
    """The table `interventions`: each fact with neurons, all its prompts, all conditions.

    A fact is a part; one without neurons has no rows. The same seed gives the same random neurons
    and other facts. final: `knowledge_neurons` of the last checkpoint, for the condition
    final_checkpoint. known: the prompts of the facts that the model knows, among which controls
    are (`questions` by default).
    """
    asked = _of_facts(questions)
    others = _of_facts(questions if known is None else known)
    neurons = _by_fact(knowledge_neurons, asked)
    later = {} if final is None else _by_fact(final, asked)
    fact_of = {row["fact_id"]: row for row in facts.to_pylist()}
    known_of = {fact_id: fact_of[fact_id] for fact_id in others}
    changed = sorted({*neurons, *later})
    kept: dict[tuple[int, ...], LastToken] = {}

    def last_of(question: Question) -> LastToken:
        if question.ids not in kept:
            while len(kept) >= _KEPT:
                del kept[next(iter(kept))]
            kept[question.ids] = last_token(loaded, question.ids)
        return kept[question.ids]

    def of(fact_id: int) -> pa.Table:
        own = neurons.get(fact_id, [])
        rng = np.random.default_rng([seed, fact_id & 0xFFFFFFFF])  # sentences have ids below 0
        lasts = [last_token(loaded, q.ids) for q in asked[fact_id]]
        sets: list[Set] = [("final_checkpoint", 0, later[fact_id])] if fact_id in later else []
        if own:
            sets.append(("knowledge_neurons", 0, own))
            width = loaded.parts.n_neurons
            drawn = [random_neurons(own, width, rng) for _ in range(RANDOM_SETS)]
            sets += [("random", draw, some) for draw, some in enumerate(drawn)]
            matched = matched_sets(own, [last.activations for last in lasts], MATCHED_SETS)
            sets += [("activation_matched", draw, some) for draw, some in enumerate(matched)]
        rows: list[dict[str, Any]] = []
        for question, last in zip(asked[fact_id], lasts, strict=True):
            rows += _rows(loaded, fact_id, question, last, sets, amplify)
        chosen: dict[str, list[list[Question]]] = {}
        if own:
            of = fact_of[fact_id]
            other = other_facts(of, known_of, rng, OTHER_FACTS)
            chosen["other_fact"] = [others[i][:OTHER_PROMPTS] for i in other]
            chosen["same_subject"] = [others[i] for i in same_subject(of, known_of)]
        for condition, some in chosen.items():
            for draw, of_other in enumerate(some):
                for question in of_other:
                    mine = [(condition, draw, own)]
                    rows += _rows(loaded, fact_id, question, last_of(question), mine, amplify)
        rows.sort(key=lambda r: (r["prompt"], r["kind"], r["condition"], r["draw"]))
        return pa.Table.from_pylist(rows, schema=KNOWLEDGE["interventions"].schema)

    def make(left: list[int]) -> Iterator[Part]:
        n, done = len(changed), len(changed) - len(left)
        with (progress or Progress()).bar("interventions", n, "facts", done) as bar:
            for i in left:
                yield (of(changed[i]),)
                bar.advance()

    found = parts("interventions", [str(fact_id) for fact_id in changed], make)
    empty = KNOWLEDGE["interventions"].schema.empty_table()
    return pa.concat_tables([empty, *(table for (table,) in found)])


def _of_facts(questions: Sequence[Question]) -> dict[int, list[Question]]:
    found: dict[int, list[Question]] = {}
    for question in questions:
        found.setdefault(question.fact_id, []).append(question)
    return found


def _by_fact(
    knowledge_neurons: pa.Table, fact_ids: Collection[int]
) -> dict[int, list[tuple[int, int]]]:
    """(layer, neuron) of each of the facts that has any, the highest score first."""
    found: dict[int, list[tuple[int, int]]] = {}
    for row in knowledge_neurons.sort_by([("score", "descending")]).to_pylist():
        if row["fact_id"] in fact_ids:
            found.setdefault(row["fact_id"], []).append((row["layer"], row["neuron"]))
    return found


def _factors(last: LastToken, changes: Sequence[Change]) -> dict[int, Tensor]:
    """layer -> [changes, neurons], 1 where nothing changes."""
    import torch

    like = last.activations
    factors: dict[int, Tensor] = {}
    for row, one in enumerate(changes):
        for layer, neuron in one.neurons:
            if not (0 <= layer < like.shape[0] and 0 <= neuron < like.shape[1]):
                raise KnError(
                    f"there is no neuron ({layer}, {neuron}): the model has {like.shape[0]} layers "
                    f"of {like.shape[1]} neurons, both from 0"
                )
            if layer not in factors:
                factors[layer] = torch.ones(
                    len(changes), like.shape[1], dtype=like.dtype, device=like.device
                )
            factors[layer][row, neuron] = one.factor
    return factors


def _rows(
    loaded: LoadedModel,
    fact_id: int,
    question: Question,
    last: LastToken,
    sets: Sequence[Set],
    amplify: float,
) -> list[dict[str, Any]]:
    kinds = [("suppress", 0.0), ("amplify", amplify)]
    tried = [(*one, kind, factor) for one in sets for kind, factor in kinds]
    found = change(last, question.answer, [Change(some, factor) for _, _, some, _, factor in tried])
    before, *after = found.rows(loaded.tokenizer)
    return [
        changed_row(fact_id, question, (condition, draw, len(some), kind, factor), before, then)
        for (condition, draw, some, kind, factor), then in zip(tried, after, strict=True)
    ]


def changed_row(
    fact_id: int,
    question: Question,
    changed: tuple[str, int, int, str, float],
    before: dict[str, Any],
    after: dict[str, Any],
) -> dict[str, Any]:
    """A row of `interventions`. changed: condition, draw, number of neurons, kind, factor; before,
    after: rows of `Outcomes`.
    """
    condition, draw, n_neurons, kind, factor = changed
    return {
        "fact_id": fact_id,
        "prompt": question.prompt,
        "kind": kind,
        "condition": condition,
        "factor": factor,
        "n_neurons": n_neurons,
        "draw": draw,
        "prompt_fact_id": question.fact_id,
        "probability_before": before["probability"],
        "probability_after": after["probability"],
        "rank_before": before["rank"],
        "rank_after": after["rank"],
        "top_before": before["top"],
        "top_after": after["top"],
        "fact_set": question.fact_set,
    }
