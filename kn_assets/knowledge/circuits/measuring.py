"""The second half of a fact's circuit: what its units do on prompts that they weren't chosen on.

Beside the fact's own units and its specific ones stand the controls: random units of the same
layers and places, units with nearly the same values, those whose values change most, and another
fact's units. And the same units on the subject's other facts: where those lose as much, the units
say which subject it is, and no claim about the fact can be made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kn_assets.knowledge.circuits import choose, curves
from kn_assets.knowledge.circuits.cases import Case, Compared
from kn_assets.knowledge.circuits.choose import Chosen, Scored
from kn_assets.knowledge.circuits.choosing import Row, contrast_rows, ran
from kn_assets.knowledge.circuits.curves import SIZES, Measure
from kn_assets.knowledge.circuits.pair import Pair
from kn_assets.knowledge.circuits.settings import CircuitSettings
from kn_assets.knowledge.circuits.units import UnitScores

if TYPE_CHECKING:
    from kn_assets.atlas.direct.layout import Layout

CONTROLS = {"random": 1000, "activation_matched": 100, "largest_change": 1000}
"""How many units each control has; kept curves of random and changed ones end there."""


@dataclass(frozen=True)
class Measured:
    """Rows of `circuit_curves`, and those of `contrasts` that they were measured on."""

    curves: list[Row]
    contrasts: list[Row]


def measure(
    layout: Layout,
    case: Case,
    own: Mapping[str, Sequence[Chosen]],
    other: Sequence[Chosen],
    settings: CircuitSettings,
    sizes: Mapping[Measure, Sequence[int]] = SIZES,
) -> Measured:
    """What a fact's circuits do. own: they; other: another fact's units, see `another`; may be
    empty; sizes: numbers of units by what is measured of them. Raises KnError as `patching`.
    """
    found = Measured([], [])
    if case.chosen_on is None or case.measured_on is None or not own["all"]:
        return found
    sets: dict[str, Sequence[Chosen]] = {"circuit": own["all"]}
    if "specific" in own:
        sets["specific"] = own["specific"]
    mine = dict(sets)
    if other:
        sets["other_fact"] = other
    sets |= controls(layout, case, own["all"], settings)
    _add(found, layout, case, case.measured_on, sets, sizes)
    for same in case.same_subject:
        if same.measured_on is not None:
            _add(found, layout, case, same.measured_on, mine, {"lost": sizes["lost"]})
    return found


def another(i: int, cases: Sequence[Case]) -> int | None:
    """Whose units are the control of the i-th fact: the next fact of its relation with another
    subject and answer; None where there is none.
    """
    own = cases[i]
    for j in [*range(i + 1, len(cases)), *range(i)]:
        one = cases[j]
        apart = one.subject != own.subject and one.answer_text != own.answer_text
        if apart and one.relation == own.relation:
            return j
    return None


def controls(
    layout: Layout, case: Case, own: Sequence[Chosen], settings: CircuitSettings
) -> dict[str, Sequence[Chosen]]:
    """Sets of units to compare with, chosen on the same prompt."""
    assert case.chosen_on is not None
    of = ran(layout, case.chosen_on)
    run = of.run
    roles = case.chosen_on.asked.roles
    shape = len(run.values.neurons), len(run.ids), layout.parts.n_neurons
    nothing = UnitScores(np.zeros(shape[1]), np.zeros((*shape[:2], 1)), np.zeros(shape))
    scored = Scored(roles, nothing, run)
    changed = np.mean([_changes(pair) for pair in of.pairs], 0)
    rng = np.random.default_rng((settings.seed, case.fact_id))
    sizes = {"neuron": layout.parts.n_neurons, "head": layout.n_heads}
    return {
        "random": choose.random_units(own[: CONTROLS["random"]], sizes, rng),  # type: ignore[arg-type]
        "activation_matched": choose.matched_units(own[: CONTROLS["activation_matched"]], [scored]),
        "largest_change": choose.largest_change([scored], [changed], CONTROLS["largest_change"]),
    }


def _add(
    found: Measured,
    layout: Layout,
    case: Case,
    compared: Compared,
    sets: Mapping[str, Sequence[Chosen]],
    sizes: Mapping[Measure, Sequence[int]],
) -> None:
    """Add the rows of one prompt."""
    own = ran(layout, compared)
    asked = compared.asked
    found.contrasts.extend(contrast_rows(case, own, "measure"))
    found.curves.extend(
        {
            "fact_id": case.fact_id,
            "condition": point.condition,
            "prompt_fact_id": asked.question.fact_id,
            "prompt": asked.question.prompt,
            "contrast": contrast.number,
            "measure": measure,
            "n_units": point.n_units,
            "difference_before": pair.difference,
            "difference_after": point.difference,
            "share": point.share,
        }
        for contrast, pair in zip(compared.contrasts, own.pairs, strict=True)
        for measure, numbers in sizes.items()
        for point in curves.points(pair, asked.roles, sets, measure, numbers)
    )


def _changes(pair: Pair) -> np.ndarray:
    """|clean - contrast| of all neurons: [L, T, N]."""
    return np.stack(
        [
            (a - b).abs().cpu().numpy()
            for a, b in zip(pair.clean.values.neurons, pair.other.neurons, strict=True)
        ]
    )
