"""Suppress or amplify a fact's knowledge neurons at the answer position, with four controls.

Dai et al. 2021 set a fact's knowledge neurons to 0 and to twice their value. Whether the effect is
specific to the *fact*, which Niu et al. 2024 contest, shows only in comparison with controls:

- random: the same number of neurons of each layer, drawn among all others of the layer, 8 times;
- activation_matched: for each neuron the one of its layer whose activations at the answer positions
  of the fact's prompts are nearest to its own (least squares), no neuron twice; then the next
  nearest, in 4 sets;
- other_fact: the same knowledge neurons, on 5 other facts of the same relation with another subject
  and another object (of other relations where there are none), 3 prompts each;
- same_subject: the same knowledge neurons, on the other facts about the same subject, such as a
  city's continent: neurons that move those as well say only which subject it is.

Other facts are controls only where the model knows them: an answer that it doesn't give can't be
lost. Several draws tell how much chance there is in a control.

At an earlier checkpoint of a training there is also

- final_checkpoint: the fact's knowledge neurons at the last checkpoint.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kn_assets.errors import KnError
from kn_assets.knowledge.answers import Outcomes
from kn_assets.knowledge.last_token import LastToken, last_token
from kn_assets.knowledge.questions import Question
from kn_assets.knowledge.work import Part, Parts, at_once
from kn_assets.lake.schema import KNOWLEDGE
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.load import LoadedModel

AMPLIFY = 2.0
RANDOM_SETS = 8
MATCHED_SETS = 4
OTHER_FACTS = 5
OTHER_PROMPTS = 3
_KEPT = 64  # last positions of other facts

Neurons = Sequence[tuple[int, int]]
"""Neurons as (layer, neuron)."""

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
        rng = np.random.default_rng([seed, fact_id])
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


def random_neurons(own: Neurons, n_neurons: int, rng: np.random.Generator) -> Neurons:
    """As many neurons of each layer as `own` has there, drawn among the others of the layer."""
    found: list[tuple[int, int]] = []
    for layer in sorted({layer for layer, _ in own}):
        taken = [neuron for at, neuron in own if at == layer]
        free = np.setdiff1d(np.arange(n_neurons), taken)
        _enough(layer, len(free), len(taken))
        found += [(layer, int(n)) for n in rng.choice(free, len(taken), replace=False)]
    return found


def matched_neurons(own: Neurons, activations: Sequence[Tensor]) -> Neurons:
    """For each of `own`, in its order, the free neuron of its layer with the nearest activations.

    activations: [layers, neurons] at the answer position of each of the fact's prompts.
    """
    return matched_sets(own, activations, 1)[0]


def matched_sets(own: Neurons, activations: Sequence[Tensor], n: int) -> list[Neurons]:
    """The nearest neurons as `matched_neurons`, then the nearest of the others, up to n sets.

    Fewer where a layer has no more. Raises KnError where it has none.
    """
    import torch

    taken: dict[int, set[int]] = {}
    for layer, neuron in own:
        taken.setdefault(layer, set()).add(neuron)
    values = {layer: torch.stack([a[layer].float() for a in activations]) for layer in taken}
    needed = {layer: len(some) for layer, some in taken.items()}
    sets: list[Neurons] = []
    while len(sets) < n:
        free = {layer: v.shape[1] - len(taken[layer]) for layer, v in values.items()}
        if sets and any(free[layer] < needed[layer] for layer in free):
            break
        found = []
        for layer, neuron in own:
            of_layer = values[layer]
            _enough(layer, of_layer.shape[1] - len(taken[layer]), 1)
            distance = (of_layer - of_layer[:, neuron, None]).square().sum(0)
            distance[list(taken[layer])] = torch.inf
            nearest = int(distance.argmin())
            taken[layer].add(nearest)
            found.append((layer, nearest))
        sets.append(found)
    return sets


def other_facts(
    own: dict[str, Any], known: dict[int, dict[str, Any]], rng: np.random.Generator, n: int
) -> list[int]:
    """Up to n known facts with another subject and object, of the same relation where there are."""
    names = {own["subject"], own["object"]}
    others = [f for f in known.values() if not names & {f["subject"], f["object"]}]
    same = [f["fact_id"] for f in others if f["relation"] == own["relation"]]
    found = sorted(same or [f["fact_id"] for f in others])
    return [found[i] for i in rng.permutation(len(found))[:n]]


def same_subject(own: dict[str, Any], known: dict[int, dict[str, Any]]) -> list[int]:
    """The known facts of other relations about the same subject, but those of the same object."""
    return sorted(
        f["fact_id"]
        for f in known.values()
        if f["subject"] == own["subject"]
        and f["relation"] != own["relation"]
        and f["object"] != own["object"]
    )


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
        {
            "fact_id": fact_id,
            "prompt": question.prompt,
            "kind": kind,
            "condition": condition,
            "factor": factor,
            "n_neurons": len(some),
            "draw": draw,
            "prompt_fact_id": question.fact_id,
            "probability_before": before["probability"],
            "probability_after": then["probability"],
            "rank_before": before["rank"],
            "rank_after": then["rank"],
            "top_before": before["top"],
            "top_after": then["top"],
            "fact_set": question.fact_set,
        }
        for (condition, draw, some, kind, factor), then in zip(tried, after, strict=True)
    ]


def _enough(layer: int, free: int, needed: int) -> None:
    if free < needed:
        raise KnError(f"layer {layer} has fewer than {needed} other neurons for a control")
