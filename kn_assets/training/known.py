"""Share of the facts that a model in training knows: its answer is likelier than any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kn_assets.knowledge import facts as knowledge
from kn_assets.knowledge.answers import answer
from kn_assets.knowledge.questions import Question, ask
from kn_assets.training.text import MEASURED, Text, held_out, trained

if TYPE_CHECKING:
    from kn_assets.models.load import LoadedModel

DIGITS = 5  # of P(answer), which is drawn and no more


@dataclass(frozen=True)
class Exam:
    """Questions on the facts of one relation.

    trained: each in one of its prompts in the training text, which take turns over the facts;
    held_out: in the one that is not.
    """

    trained: list[Question]
    held_out: list[Question]

    @staticmethod
    def of(loaded: LoadedModel, text: Text) -> Exam:
        """All city -> country facts that a token can answer."""
        facts, prompts = knowledge.tables(text.facts)
        chosen = [i for i, fact in enumerate(text.facts) if fact.relation == MEASURED]
        of = {i: trained(text.facts[i]) for i in chosen}
        turn = {i: of[i][i % len(of[i])] for i in chosen}
        asked = ask(loaded.tokenizer, facts, prompts, chosen, loaded.parts.context).asked
        return Exam(
            [q for q in asked if q.prompt == turn[q.fact_id]],
            [q for q in asked if q.prompt == held_out(text.facts[q.fact_id])],
        )

    def sample(self, n: int, seed: int) -> Exam:
        """Questions on `n` of the facts."""
        facts = sorted({q.fact_id for q in self.trained} & {q.fact_id for q in self.held_out})
        order = np.random.default_rng(seed).permutation(len(facts))
        chosen = {facts[i] for i in order[:n]}
        return Exam(
            [q for q in self.trained if q.fact_id in chosen],
            [q for q in self.held_out if q.fact_id in chosen],
        )

    def subjects(self, text: Text) -> list[tuple[str, str]]:
        """Subject and object of each fact, in the order of `Marks.of`."""
        facts = [text.facts[q.fact_id] for q in self.trained]
        return [(fact.subject, fact.object) for fact in facts]

    def marks(self, loaded: LoadedModel) -> Marks:
        """Ask all questions."""
        (trained, p_trained), (held_out, p_held_out) = (
            _asked(loaded, questions) for questions in (self.trained, self.held_out)
        )
        return Marks((trained, held_out), {"trained": p_trained, "held_out": p_held_out})


@dataclass(frozen=True)
class Marks:
    """What a model answers to an exam.

    known: share of the facts known in trained and in held-out prompts, NaN where there are none;
    p_answer: P(answer) by fact, for `trained` and `held_out` prompts.
    """

    known: tuple[float, float]
    p_answer: dict[str, dict[int, float]]

    def of(self, exam: Exam) -> dict[str, list[float]]:
        """P(answer) of another exam's facts, in their order, which this one has all asked."""
        facts = [q.fact_id for q in exam.trained]
        return {name: [round(p[f], DIGITS) for f in facts] for name, p in self.p_answer.items()}


def _asked(loaded: LoadedModel, questions: list[Question]) -> tuple[float, dict[int, float]]:
    """Share of the questions whose fact is known, and P(answer) of each, by fact."""
    if not questions:
        return float("nan"), {}
    known, found = 0, {}
    for row in answer(loaded, questions).to_pylist():
        first, second = row["top_probabilities"][:2]
        known += row["rank"] == 1 and first > second  # neither in a tie nor beside NaN
        found[row["fact_id"]] = row["probability"]
    return known / len(questions), found
