"""The first half of a fact's circuit: its contrasts, attributions and chosen units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.atlas.forward.tokens import texts
from kn_assets.knowledge.circuits import choose, connections, estimates
from kn_assets.knowledge.circuits.cases import Case, Compared
from kn_assets.knowledge.circuits.choose import Chosen, Scored
from kn_assets.knowledge.circuits.pair import Pair, pairs
from kn_assets.knowledge.circuits.patching import effects
from kn_assets.knowledge.circuits.settings import CircuitSettings
from kn_assets.knowledge.circuits.specific import specific
from kn_assets.knowledge.circuits.units import Kind, Unit, UnitScores, mean, median
from kn_assets.knowledge.circuits.whole_prompt import WholePrompt

if TYPE_CHECKING:
    from kn_assets.atlas.direct.layout import Layout

MOST = 3000
"""Units of a circuit that are kept, the strongest."""
MOST_SPECIFIC = 300
Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Ran:
    """A prompt's run, and its pairs, one for each contrast."""

    compared: Compared
    run: WholePrompt
    pairs: list[Pair]


@dataclass(frozen=True, eq=False)
class Estimated(Ran):
    """A prompt's estimates. scores: of each contrast; mean: over them; difference: the mean over
    contrasts of the clean logit difference.
    """

    scores: list[UnitScores]
    mean: UnitScores
    error: float | None

    @property
    def difference(self) -> float:
        return float(np.mean([p.difference for p in self.pairs]))

    @property
    def scored(self) -> Scored:
        """What units are chosen by: medians over contrasts. By means a unit that is large beside
        one contrast alone is chosen, too, and such units carry other facts as well.
        """
        return Scored(self.compared.asked.roles, median(self.scores), self.run)


def first_half(
    layout: Layout, tokenizer: Any, case: Case, settings: CircuitSettings
) -> dict[str, list[Row]]:
    """Rows of a fact: of `contrasts` those to choose on, `unit_attributions`, `circuit_units`, and
    those of `connections`. Raises KnError where a gradient isn't finite.
    """
    assert case.chosen_on is not None
    own = estimated(layout, case.chosen_on, settings)
    others = [estimated(layout, c.chosen_on, settings) for c in case.same_subject if c.chosen_on]
    tokens = texts(tokenizer, list(own.run.ids))
    chosen = circuits(own, others, settings)
    return {
        "contrasts": [r for one in (own, *others) for r in contrast_rows(case, one, "choose")],
        "unit_attributions": attribution_rows(case, own, tokens, settings),
        "circuit_units": unit_rows(case, chosen),
        **connections.connections(case.fact_id, own, chosen["all"], tokens),
    }


def estimated(layout: Layout, compared: Compared, settings: CircuitSettings) -> Estimated:
    """A prompt and its contrasts run, and its units' scores estimated. Raises KnError."""
    of = ran(layout, compared)
    scores, error = estimates.estimate(settings.method, of.pairs, settings.midpoints)
    return Estimated(compared, of.run, of.pairs, scores, mean(scores), error)


def ran(layout: Layout, compared: Compared) -> Ran:
    """A prompt and its contrasts run. Raises KnError as `WholePrompt.of`."""
    asked = compared.asked
    run = WholePrompt.of(layout, asked.question.ids)
    of = pairs(layout, run, asked.roles, asked.question.answer, compared.contrasts)
    return Ran(compared, run, of)


def circuits(
    own: Estimated, others: Sequence[Estimated], settings: CircuitSettings
) -> dict[str, list[Chosen]]:
    """The fact's units by circuit: `all`, those that carry the answer; `specific`, those of them
    that don't carry the subject's other facts, where there are any. others: of those facts.
    """
    found = {"all": choose.choose([own.scored], MOST)}
    if others:
        scored = [own.scored, *(o.scored for o in others)]
        where = choose.places([s.roles for s in scored])
        kinds: tuple[Kind, ...] = ("neuron",)
        shares = [
            {k: choose.by_place([e.scored], k, where) / _size(e) for k in kinds}
            for e in (own, *others)
        ]
        found["specific"] = specific(shares[0], shares[1:], where, MOST_SPECIFIC, settings.specific)
    return found


def _size(one: Estimated) -> float:
    """The logit difference that shares are of; at least a tenth of a logit, so that all but none
    makes no share of it large.
    """
    return max(abs(one.difference), 0.1)


def contrast_rows(case: Case, own: Ran, purpose: str) -> list[Row]:
    """Rows of `contrasts`: of each prompt that was compared, what it was compared with."""
    asked = own.compared.asked
    return [
        {
            "fact_id": case.fact_id,
            "prompt_fact_id": asked.question.fact_id,
            "prompt": asked.question.prompt,
            "contrast": one.number,
            "purpose": purpose,
            "contrast_kind": one.kind,
            "contrast_fact_id": one.others[0].question.fact_id if one.kind == "pair" else None,
            "n_prompts": len(one.others),
            "answer_token_id": pair.answer,
            "against_token_id": pair.against,
            "difference": pair.difference,
        }
        for one, pair in zip(own.compared.contrasts, own.pairs, strict=True)
    ]


def attribution_rows(
    case: Case, own: Estimated, tokens: Sequence[str], settings: CircuitSettings
) -> list[Row]:
    """Rows of `unit_attributions` of the prompt that units are chosen on.

    The strongest neurons and heads by the mean over contrasts, with each contrast's score, the mean
    and, beside the first contrast, what patching each alone does; of every layer and token the sums
    of its MLP and attention, and the embeddings.
    """
    roles, question = own.compared.asked.roles, own.compared.asked.question

    def row(unit: Unit, contrast: int, method: str, score: float) -> Row:
        return {
            "fact_id": case.fact_id,
            "prompt": question.prompt,
            "contrast": contrast,
            "method": method,
            "kind": unit.kind,
            "layer": unit.layer,
            "unit": unit.unit,
            "position": unit.position,
            "token": tokens[unit.position],
            "role": roles.role(unit.position),
            "score": score,
        }

    strongest = own.mean.strongest(settings.units)
    rows = [
        row(unit, contrast, settings.method, scores.score(unit))
        for contrast, scores in [(-1, own.mean), *enumerate(own.scores)]
        for unit in strongest
    ]
    measured = effects(own.pairs[0], strongest)
    rows += [
        row(unit, 0, "patching", float(effect))
        for unit, effect in zip(strongest, measured, strict=True)
    ]
    cells = [
        Unit(kind, layer, position)
        for kind in ("mlp", "attention")
        for layer in range(own.run.parts.n_layers)
        for position in range(roles.n)
    ]
    cells += [Unit("embedding", 0, position) for position in range(roles.n)]
    rows += [row(unit, -1, settings.method, own.mean.score(unit)) for unit in cells]
    return rows


def unit_rows(case: Case, chosen: dict[str, list[Chosen]]) -> list[Row]:
    """Rows of `circuit_units`, without what was measured of them."""
    return [
        {
            "fact_id": case.fact_id,
            "circuit": circuit,
            "rank": rank,
            "kind": one.kind,
            "layer": one.layer,
            "unit": one.unit,
            "role": one.place.role,
            "subject_offset": one.place.offset,
            "score": one.score,
        }
        for circuit, some in chosen.items()
        for rank, one in enumerate(some, 1)
    ]
