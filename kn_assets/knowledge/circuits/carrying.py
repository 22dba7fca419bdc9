"""What a unit of a circuit carries, by measured effects: the subject, the answer, the fact, ...

Whether a unit is of *this fact* shows in what else it moves (Niu et al. 2024, arXiv 2405.02421).
Each of a circuit's strongest units is patched alone in prompts of five kinds; effects are shares of
the prompt's logit difference, so that they compare:

- the fact's own prompt, in a wording and with a contrast not used to choose;
- the same subject's other facts, such as its continent;
- other subjects' facts with the same answer;
- other facts of the relation, with other answers;
- frames: sentences of like grammar about the same subject that don't ask for the fact. There it is
  the change of the own answers' logit difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.knowledge.circuits.cases import Case, Compared
from kn_assets.knowledge.circuits.choose import Chosen, units_at
from kn_assets.knowledge.circuits.choosing import Row
from kn_assets.knowledge.circuits.pair import Pair, of_tokens, pairs
from kn_assets.knowledge.circuits.patching import effects
from kn_assets.knowledge.circuits.roles import Roles, roles
from kn_assets.knowledge.circuits.whole_prompt import WholePrompt
from kn_assets.knowledge.questions import encode

if TYPE_CHECKING:
    from kn_assets.atlas.direct.layout import Layout

UNITS = 30
"""Units of a circuit that are told apart, the strongest."""
OTHERS = 3
"""Other facts of each kind that they are patched in, at most."""
LEAST = 0.01
"""Share of the logit difference under which a unit's effect is `little`."""
AS_MUCH = 0.5
"""Share of a unit's own effect from which it counts as carrying something else as well."""
FRAMES = ("{} is known for its", "{} is not far from the", "Many people like {} for its")
_ORDER = ("relation", "answer", "subject", "grammar")


@dataclass(frozen=True)
class Beside:
    """Other facts' prompts that a fact's units are patched in."""

    same_answer: tuple[Compared, ...]
    relation: tuple[Compared, ...]


def carrying(
    layout: Layout, tokenizer: Any, case: Case, own: Sequence[Chosen], beside: Beside
) -> list[Row]:
    """Effects of the strongest units of a circuit, and what they carry: rows of `circuit_units`,
    what was measured of them alone. Raises KnError as `patching`.
    """
    if case.measured_on is None:
        return []
    some = list(own[:UNITS])
    same = [s.measured_on for s in case.same_subject if s.measured_on]
    mine = _effects(layout, case.measured_on, some)
    by_kind = {
        "subject": _largest([_effects(layout, c, some) for c in same], len(some)),
        "answer": _mean([_effects(layout, c, some) for c in beside.same_answer], len(some)),
        "relation": _mean([_effects(layout, c, some) for c in beside.relation], len(some)),
        "grammar": _mean(_in_frames(layout, tokenizer, case, some), len(some)),
    }
    return [
        {
            "fact_id": case.fact_id,
            "circuit": "all",
            "rank": i + 1,
            "effect": _number(mine[i]),
            "effect_subject": _number(by_kind["subject"][i]),
            "effect_answer": _number(by_kind["answer"][i]),
            "effect_relation": _number(by_kind["relation"][i]),
            "effect_frame": _number(by_kind["grammar"][i]),
            "carries": carries(mine[i], {k: v[i] for k, v in by_kind.items()}),
        }
        for i in range(len(some))
    ]


def carries(own: float, others: dict[str, float]) -> str:
    """What a unit is of, by its effects: `fact` where it moves little else, else the most general
    of what it moves at least half as much in the same direction. NaN is what wasn't measured.
    """
    if not abs(own) >= LEAST:
        return "little"
    return next((k for k in _ORDER if others[k] / own >= AS_MUCH), "fact")


def _effects(layout: Layout, compared: Compared, some: Sequence[Chosen]) -> np.ndarray:
    """Shares of the first contrast's logit difference lost by each unit: [units]; NaN where the
    prompt lacks the unit's place.
    """
    asked = compared.asked
    run = WholePrompt.of(layout, asked.question.ids)
    (pair,) = pairs(layout, run, asked.roles, asked.question.answer, compared.contrasts[:1])
    return _shares(pair, asked.roles, some, pair.difference)


def _shares(pair: Pair, of: Roles, some: Sequence[Chosen], whole: float) -> np.ndarray:
    there = [i for i, one in enumerate(some) if of.position(one.place) is not None]
    found = np.full(len(some), np.nan)
    if there and whole:
        found[there] = effects(pair, units_at([some[i] for i in there], of)) / whole
    return found


def _in_frames(
    layout: Layout, tokenizer: Any, case: Case, some: Sequence[Chosen]
) -> list[np.ndarray]:
    assert case.measured_on is not None
    first = case.measured_on.contrasts[0]
    asked, other = case.measured_on.asked, first.others[0]
    if first.kind != "pair":
        return []
    run = WholePrompt.of(layout, asked.question.ids)
    (own,) = pairs(layout, run, asked.roles, asked.question.answer, [first])
    found = []
    for frame in FRAMES:
        texts = [frame.replace("{}", one.subject) for one in (asked, other)]
        ids, contrast = encode(tokenizer, texts)
        where = roles(tokenizer, texts[0], asked.subject, ids)
        if where is None or len(ids) != len(contrast):
            continue
        clean = WholePrompt.of(layout, ids)
        pair = of_tokens(layout, clean, contrast, own.answer, own.against)
        found.append(_shares(pair, where, some, own.difference))
    return found


def _mean(found: Sequence[np.ndarray], n: int) -> np.ndarray:
    """Over those that were measured; NaN where none was."""
    if not found:
        return np.full(n, np.nan)
    stacked = np.stack(found)
    there = ~np.isnan(stacked)
    total = np.where(there, stacked, 0).sum(0)
    return np.divide(total, there.sum(0), out=np.full(n, np.nan), where=there.any(0))


def _largest(found: Sequence[np.ndarray], n: int) -> np.ndarray:
    """The largest in size; NaN where none was measured."""
    if not found:
        return np.full(n, np.nan)
    stacked = np.stack(found)
    at = np.where(np.isnan(stacked), -1, np.abs(stacked)).argmax(0)
    return stacked[at, np.arange(n)]


def _number(x: float) -> float | None:
    return None if np.isnan(x) else float(x)


def beside(case: Case, of_relation: Sequence[Case]) -> Beside:
    """Up to `OTHERS` other facts of each kind, in their order: of another subject, measured on
    prompts of their own.
    """
    others = [c for c in of_relation if c.subject != case.subject and c.measured_on]
    same = [c for c in others if c.answer_text == case.answer_text][:OTHERS]
    apart = [c for c in others if c.answer_text != case.answer_text][:OTHERS]
    return Beside(
        tuple(c.measured_on for c in same if c.measured_on),
        tuple(c.measured_on for c in apart if c.measured_on),
    )
