"""Suppress or amplify a fact's knowledge neurons at the answer position, with three controls.

Dai et al. 2021 set a fact's knowledge neurons to 0 and to twice their value. Whether the effect is
specific to the *fact*, which Niu et al. 2024 contest, shows only in comparison with controls:

- random: the same number of neurons of each layer, drawn among all others of the layer;
- activation_matched: for each neuron the one of its layer whose activations at the answer positions
  of the fact's prompts are nearest to its own (least squares), no neuron twice;
- other_fact: the same knowledge neurons, on another fact of the same relation with another subject
  and another object (one of another relation where there is none).

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

Neurons = Sequence[tuple[int, int]]
"""Neurons as (layer, neuron)."""


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
) -> pa.Table:
    """The table `interventions`: each fact with neurons, all its prompts, all conditions.

    A fact is a part; one without neurons has no rows. The same seed gives the same random neurons
    and other facts. final: `knowledge_neurons` of the last checkpoint, for the condition
    final_checkpoint.
    """
    asked: dict[int, list[Question]] = {}
    for question in questions:
        asked.setdefault(question.fact_id, []).append(question)
    neurons = _by_fact(knowledge_neurons, asked)
    later = {} if final is None else _by_fact(final, asked)
    fact_of = {row["fact_id"]: row for row in facts.to_pylist() if row["fact_id"] in asked}
    changed = sorted({*neurons, *later})

    def of(fact_id: int) -> pa.Table:
        own = neurons.get(fact_id, [])
        rng = np.random.default_rng([seed, fact_id])
        lasts = [last_token(loaded, q.ids) for q in asked[fact_id]]
        sets: dict[str, Neurons] = {"final_checkpoint": later[fact_id]} if fact_id in later else {}
        if own:
            sets["knowledge_neurons"] = own
            sets["random"] = random_neurons(own, loaded.parts.n_neurons, rng)
            activations = [last.activations for last in lasts]
            sets["activation_matched"] = matched_neurons(own, activations)
        rows: list[dict[str, Any]] = []
        for question, last in zip(asked[fact_id], lasts, strict=True):
            rows += _rows(loaded, fact_id, question, last, sets, amplify)
        other = other_fact(fact_id, fact_of, rng) if own else None
        for question in asked[other] if other is not None else ():
            last = last_token(loaded, question.ids)
            rows += _rows(loaded, fact_id, question, last, {"other_fact": own}, amplify)
        rows.sort(key=lambda r: (r["prompt"], r["kind"], r["condition"]))
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
    import torch

    taken: dict[int, set[int]] = {}
    for layer, neuron in own:
        taken.setdefault(layer, set()).add(neuron)
    found = []
    for layer, neuron in own:
        values = torch.stack([a[layer].float() for a in activations])
        _enough(layer, values.shape[1] - len(taken[layer]), 1)
        distance = (values - values[:, neuron, None]).square().sum(0)
        distance[list(taken[layer])] = torch.inf
        nearest = int(distance.argmin())
        taken[layer].add(nearest)
        found.append((layer, nearest))
    return found


def other_fact(
    fact_id: int, fact_of: dict[int, dict[str, Any]], rng: np.random.Generator
) -> int | None:
    """Another fact with another subject and object, of the same relation where there is one."""
    own = fact_of[fact_id]
    names = {own["subject"], own["object"]}
    others = [f for f in fact_of.values() if not names & {f["subject"], f["object"]}]
    same = [f["fact_id"] for f in others if f["relation"] == own["relation"]]
    found = sorted(same or [f["fact_id"] for f in others])
    return found[rng.integers(len(found))] if found else None


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
    sets: dict[str, Neurons],
    amplify: float,
) -> list[dict[str, Any]]:
    kinds = [("suppress", 0.0), ("amplify", amplify)]
    tried = [(kind, condition, factor) for condition in sets for kind, factor in kinds]
    found = change(last, question.answer, [Change(sets[c], factor) for _, c, factor in tried])
    before, *after = found.rows(loaded.tokenizer)
    return [
        {
            "fact_id": fact_id,
            "prompt": question.prompt,
            "kind": kind,
            "condition": condition,
            "factor": factor,
            "n_neurons": len(sets[condition]),
            "prompt_fact_id": question.fact_id,
            "probability_before": before["probability"],
            "probability_after": then["probability"],
            "rank_before": before["rank"],
            "rank_after": then["rank"],
            "top_before": before["top"],
            "top_after": then["top"],
            "fact_set": question.fact_set,
        }
        for (kind, condition, factor), then in zip(tried, after, strict=True)
    ]


def _enough(layer: int, free: int, needed: int) -> None:
    if free < needed:
        raise KnError(f"layer {layer} has fewer than {needed} other neurons for a control")
