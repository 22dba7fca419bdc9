"""Contrasts: the prompts of other subjects that a fact's prompt is compared with.

What carries an answer shows in a difference: the same wording asked of another subject, in as many
tokens, with another answer. All that both prompts share, grammar and relation, cancels; what is
left is what the subject makes of them (Wang et al. 2022, arXiv 2211.00593; Zhang and Nanda 2023,
arXiv 2309.16042). Several contrasts a prompt, drawn with a seed: what is chosen on one alone fits
that one (on a trained GPT-2 its effect is a fourth on others).

Where no prompt matches there is a *mean* contrast: the mean values of the other subjects' prompts,
place by place, and of their answers the one that the model holds likeliest for the fact's own
prompt.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from kn_assets.knowledge.circuits.roles import Roles, roles
from kn_assets.knowledge.questions import Question

Kind = Literal["pair", "mean"]
MOST_MEANT = 32
"""Prompts that a mean contrast is of, at most."""


@dataclass(frozen=True)
class Asked:
    """A fact's prompt as the model reads it. wording: its relation and text without the subject;
    answer_text: the object.
    """

    question: Question
    roles: Roles
    wording: tuple[str, str]
    subject: str
    answer_text: str

    @property
    def key(self) -> tuple[int, int]:
        return self.question.fact_id, self.question.prompt


@dataclass(frozen=True)
class Contrast:
    """One prompt to compare with, or several whose mean is taken. number: from 0 in its prompt."""

    kind: Kind
    number: int
    others: tuple[Asked, ...]


def contrasts(
    asked: Asked, among: Collection[Asked], n: int, seed: int = 0, known: Collection[int] = ()
) -> list[Contrast]:
    """Up to n contrasts of a prompt, of different answers as far as there are; one mean contrast
    where no prompt matches; none where no other prompt has that wording.

    known: facts whose prompts are taken first. The draw hangs on seed, fact and prompt alone.
    """
    same = [o for o in among if o.wording == asked.wording and _differs(asked, o)]
    rng = np.random.default_rng((seed, asked.question.fact_id, asked.question.prompt))
    drawn = [same[i] for i in rng.permutation(len(same))]
    drawn.sort(key=lambda o: o.question.fact_id not in known)
    matched = [o for o in drawn if _matches(asked, o)]
    if matched:
        return [Contrast("pair", i, (o,)) for i, o in enumerate(_varied(matched)[:n])]
    aligned = [o for o in drawn if _aligned(asked, o)][:MOST_MEANT]
    return [Contrast("mean", 0, tuple(aligned))] if aligned else []


def all_asked(
    tokenizer: Any, facts: pa.Table, fact_prompts: pa.Table, questions: Sequence[Question]
) -> list[Asked]:
    """Questions with the roles of their tokens, in their order.

    facts, fact_prompts: rows of those tables. Left out are prompts that don't hold their subject as
    it is written.
    """
    fact_of = {row["fact_id"]: row for row in facts.to_pylist()}
    texts = {(r["fact_id"], r["prompt"]): r["text"] for r in fact_prompts.to_pylist()}
    found = []
    for question in questions:
        fact = fact_of[question.fact_id]
        subject, text = fact["subject"], texts[question.fact_id, question.prompt]
        where = roles(tokenizer, text, subject, question.ids)
        if where is not None:
            wording = fact["relation"], text.replace(subject, "{}", 1)
            found.append(Asked(question, where, wording, subject, fact["object"]))
    return found


def by_relation(all_asked: Sequence[Asked]) -> Mapping[str, list[Asked]]:
    """The prompts of each relation, in their order."""
    found: dict[str, list[Asked]] = {}
    for one in all_asked:
        found.setdefault(one.wording[0], []).append(one)
    return found


def _differs(asked: Asked, other: Asked) -> bool:
    return (
        other.subject != asked.subject
        and other.answer_text != asked.answer_text
        and other.question.answer != asked.question.answer
    )


def _aligned(asked: Asked, other: Asked) -> bool:
    """Whether all but the subject has the same tokens."""
    one, two = asked.question.ids, other.question.ids
    return (
        one[: asked.roles.start] == two[: other.roles.start]
        and one[asked.roles.end :] == two[other.roles.end :]
    )


def _matches(asked: Asked, other: Asked) -> bool:
    return asked.roles == other.roles and _aligned(asked, other)


def _varied(matched: list[Asked]) -> list[Asked]:
    """In their order, but with each answer once before any comes again."""
    times: dict[str, int] = {}
    rounds = []
    for one in matched:
        rounds.append(times.get(one.answer_text, 0))
        times[one.answer_text] = rounds[-1] + 1
    return [matched[i] for i in sorted(range(len(matched)), key=rounds.__getitem__)]
