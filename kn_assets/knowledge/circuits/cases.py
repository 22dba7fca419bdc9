"""A known fact's prompts, divided: some to choose units on, others to measure them on.

Nothing is measured on what it was chosen on: the wordings differ, and the contrasts' subjects do.
The subject's other facts are divided alike: they tell what says which subject it is, and nothing
more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from kn_assets.knowledge.circuits.contrasts import Asked, Contrast, contrasts


@dataclass(frozen=True)
class Compared:
    """A prompt and its contrasts, one at least."""

    asked: Asked
    contrasts: tuple[Contrast, ...]


@dataclass(frozen=True)
class Case:
    """A fact's prompts. chosen_on, measured_on: None where no prompt or contrast is left for it;
    same_subject: of each known fact of the subject's with another answer, the same two.
    """

    fact_id: int
    relation: str
    subject: str
    answer_text: str
    chosen_on: Compared | None
    measured_on: Compared | None
    same_subject: tuple[Case, ...] = ()


def cases(
    fact_ids: Sequence[int], right: Sequence[Asked], n: int, held_out: int, seed: int
) -> list[Case]:
    """The cases of some facts, in their order.

    right: all prompts that the model answers right (or, of an earlier step, those of the last one),
    in the order of facts and prompts. n, held_out: contrasts of a prompt chosen and measured on.
    """
    of_fact: dict[int, list[Asked]] = {}
    of_wording: dict[tuple[str, str], list[Asked]] = {}
    of_subject: dict[str, list[int]] = {}
    for one in right:
        if one.question.fact_id not in of_fact:
            of_subject.setdefault(one.subject, []).append(one.question.fact_id)
        of_fact.setdefault(one.question.fact_id, []).append(one)
        of_wording.setdefault(one.wording, []).append(one)

    def case(fact: int, others: bool) -> Case:
        mine = of_fact[fact]
        chosen, measured = _divided(mine, of_wording, n, held_out, seed)
        same = [
            case(f, False)
            for f in (of_subject[mine[0].subject] if others else ())
            if of_fact[f][0].wording[0] != mine[0].wording[0]
            and of_fact[f][0].answer_text != mine[0].answer_text
        ]
        first = mine[0]
        return Case(
            fact,
            first.wording[0],
            first.subject,
            first.answer_text,
            chosen,
            measured,
            tuple(s for s in same if s.chosen_on),
        )

    return [case(f, True) for f in fact_ids if f in of_fact]


def _divided(
    mine: Sequence[Asked],
    of_wording: Mapping[tuple[str, str], Collection[Asked]],
    n: int,
    held_out: int,
    seed: int,
) -> tuple[Compared | None, Compared | None]:
    """Pairs come before means: a wording in which prompts match is worth more."""
    found = []
    for one in mine:
        some = contrasts(one, of_wording[one.wording], n + held_out, seed)
        if some:
            found.append((one, some))
    found.sort(key=lambda f: (f[1][0].kind != "pair", -min(len(f[1]), n)))
    if not found:
        return None, None
    asked, some = found[0]
    chosen = Compared(asked, tuple(some[:n]))
    used = {o.subject for c in chosen.contrasts if c.kind == "pair" for o in c.others}
    for asked, _ in found[1:]:
        free = [o for o in of_wording[asked.wording] if o.subject not in used]
        rest = contrasts(asked, free, held_out, seed + 1)
        if rest:
            return chosen, Compared(asked, tuple(rest))
    return chosen, None
