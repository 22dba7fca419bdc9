"""A circuit's neurons suppressed and amplified, each where it was attributed.

Dai et al. 2021 (arXiv 2104.08696) change a fact's neurons at the prompt's last token, where they
were attributed. Units that were attributed at every token are changed at their own places: a
neuron that says which city it is at the subject, and nowhere else. The controls, and the verdicts
on them, are those of `knowledge.interventions`, so that both can be compared; random and
activation-matched neurons stand at the places of the fact's own. No prompt that units were chosen
on is among those that are measured.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import torch

from kn_assets.knowledge.answers import Outcomes
from kn_assets.knowledge.circuits import choose
from kn_assets.knowledge.circuits.cases import Case
from kn_assets.knowledge.circuits.choose import Chosen, units_at
from kn_assets.knowledge.circuits.contrasts import Asked
from kn_assets.knowledge.circuits.settings import CircuitSettings
from kn_assets.knowledge.circuits.units import Kind, Unit
from kn_assets.knowledge.circuits.whole_prompt import Change, WholePrompt
from kn_assets.knowledge.controls import (
    MATCHED_SETS,
    OTHER_FACTS,
    OTHER_PROMPTS,
    RANDOM_SETS,
    other_facts,
    same_subject,
)
from kn_assets.knowledge.interventions import AMPLIFY, changed_row

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.atlas.direct.layout import Layout

KINDS = (("suppress", 0.0), ("amplify", AMPLIFY))
_Set = tuple[str, int, Sequence[Chosen]]
"""Neurons to change by their condition and the number of the draw."""


@dataclass(frozen=True, eq=False)
class Asking:
    """All prompts asked, by fact; rows of `facts` by id; and those of known facts."""

    prompts: Mapping[int, Sequence[Asked]]
    facts: Mapping[int, dict[str, Any]]
    known: dict[int, dict[str, Any]]

    @classmethod
    def of(cls, asked: Sequence[Asked], facts: pa.Table, known: Collection[int]) -> Asking:
        prompts: dict[int, list[Asked]] = {}
        for one in asked:
            prompts.setdefault(one.question.fact_id, []).append(one)
        about = {row["fact_id"]: row for row in facts.to_pylist() if row["fact_id"] in prompts}
        return cls(prompts, about, {i: about[i] for i in known if i in about})


def interventions(
    layout: Layout,
    tokenizer: Any,
    case: Case,
    own: Sequence[Chosen],
    asking: Asking,
    settings: CircuitSettings,
) -> list[dict[str, Any]]:
    """Rows of `circuit_interventions` of a fact: the held-out prompts, all conditions.

    own: its neurons by place; without any, or without a held-out prompt, there are no rows. Raises
    KnError where a block overflows.
    """
    if case.chosen_on is None or not own:
        return []
    chosen = case.chosen_on.asked
    rng = np.random.default_rng([settings.seed, case.fact_id & 0xFFFFFFFF])
    held_out = [one for one in asking.prompts[case.fact_id] if one.key != chosen.key]
    if not held_out:
        return []
    runs = [WholePrompt.of(layout, one.question.ids) for one in held_out]
    sizes: dict[Kind, int] = {"neuron": layout.parts.n_neurons}
    mine: _Set = ("knowledge_neurons", 0, own)
    drawn = [choose.random_units(own, sizes, rng) for _ in range(RANDOM_SETS)]
    there = [(one.roles, run) for one, run in zip(held_out, runs, strict=True)]
    matched = choose.matched_sets(own, there, MATCHED_SETS)
    sets: list[_Set] = [mine]
    sets += [("random", i, some) for i, some in enumerate(drawn)]
    sets += [("activation_matched", i, some) for i, some in enumerate(matched)]
    rows = []
    for one, run in zip(held_out, runs, strict=True):
        rows += _rows(tokenizer, case.fact_id, one, run, sets)
    about = asking.facts[case.fact_id]
    others = {
        "other_fact": other_facts(about, asking.known, rng, OTHER_FACTS),
        "same_subject": same_subject(about, asking.known),
    }
    for condition, facts in others.items():
        for draw, fact in enumerate(facts):
            for one in asking.prompts[fact][:OTHER_PROMPTS]:
                run = WholePrompt.of(layout, one.question.ids)
                rows += _rows(tokenizer, case.fact_id, one, run, [(condition, draw, own)])
    return rows


def scaled(clean: WholePrompt, changes: Sequence[tuple[Collection[Unit], float]]) -> Tensor:
    """Logits after a prompt with each set of neurons multiplied by its factor where they stand:
    [sets, vocab_size]. What flows is multiplied: a later neuron takes the value that earlier ones
    leave it. Raises KnError where a block overflows.
    """
    shape = len(changes), len(clean.ids), clean.parts.n_neurons
    factors: dict[int, Tensor] = {}
    for row, (units, factor) in enumerate(changes):
        for one in units:
            like = clean.values.neurons[one.layer]
            if one.layer not in factors:
                factors[one.layer] = torch.ones(shape, dtype=like.dtype, device=like.device)
            factors[one.layer][row, one.position, one.unit] = factor
    if not factors:
        return clean.logits.expand(len(changes), -1)
    first = min(factors)
    neurons = {layer: _times(of_layer) for layer, of_layer in factors.items()}
    with torch.no_grad():
        hidden = clean.values.inputs[first].expand(len(changes), -1, -1)
        return clean.parts.logits(clean.run(first, hidden, neurons=neurons)).float()


def _times(factors: Tensor) -> Change:
    return lambda values: values * factors


def _rows(
    tokenizer: Any, fact_id: int, asked: Asked, run: WholePrompt, sets: Sequence[_Set]
) -> list[dict[str, Any]]:
    tried = [(*one, kind, factor) for one in sets for kind, factor in KINDS]
    changes = [(units_at(some, asked.roles), factor) for _, _, some, _, factor in tried]
    logits = torch.cat([run.logits[None], scaled(run, changes)])
    answers = [asked.question.answer] * len(logits)
    before, *after = Outcomes.of(logits, answers).rows(tokenizer)
    return [
        changed_row(fact_id, asked.question, (condition, draw, len(some), kind, factor), before, t)
        for (condition, draw, some, kind, factor), t in zip(tried, after, strict=True)
    ]
