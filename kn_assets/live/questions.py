"""Questions put to a model live: any prompt of a fact, or a sentence of one's own with its answer.

Scored as in the stored tables: by the answer's first distinguishing token (see
`kn_assets.knowledge.questions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kn_assets.atlas.forward.tokens import pieces
from kn_assets.errors import KnError
from kn_assets.knowledge.answers import Outcomes
from kn_assets.knowledge.last_token import LastToken, last_token
from kn_assets.knowledge.questions import Question, ask, single
from kn_assets.lake import Lake
from kn_assets.lake import corpus as corpora
from kn_assets.lake import model as partition
from kn_assets.live.model import valid

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from kn_assets.models.load import LoadedModel

OTHER_FACTS = 4
_KEPT = 16


@dataclass(frozen=True)
class Told:
    """What there is to ask beside a question: the corpus' facts, and which the model knows."""

    facts: pa.Table
    prompts: pa.Table
    known: frozenset[int]

    @classmethod
    def of(cls, lake: Lake, key: str) -> Told | None:
        """The facts of an atlas' corpus, None where it tells none."""
        if lake.meta(partition(key), "atlases") is None:
            return None
        where = corpora(lake.read(partition(key), "atlases", ["corpus"])["corpus"][0].as_py())
        if lake.meta(where, "facts") is None or lake.meta(where, "fact_prompts") is None:
            return None
        known: frozenset[int] = frozenset()
        if lake.meta(partition(key), "fact_answers") is not None:
            answers = lake.read(partition(key), "fact_answers", ["fact_id", "rank"]).to_pylist()
            known = frozenset(row["fact_id"] for row in answers if row["rank"] == 1)
        return cls(lake.read(where, "facts"), lake.read(where, "fact_prompts"), known)


class Asker:
    """Puts questions to one loaded model; keeps the last positions of the last few."""

    def __init__(self, loaded: LoadedModel, told: Told | None) -> None:
        self.loaded, self._told = loaded, told
        self._kept: dict[tuple[int, ...], LastToken] = {}

    def question(self, asked: dict[str, Any]) -> tuple[Question, dict[str, Any]]:
        """The question that `asked` means, and how it is asked, scored and answered.

        asked: `fact` and `prompt` (None: the first), or `text` and `answer`. Raises
        KnError for what can't be asked.
        """
        if asked.get("fact") is not None:
            question, whole = self._of_fact(asked["fact"], asked.get("prompt"))
        else:
            question, whole = self._own(valid(str(asked["text"])), valid(str(asked["answer"])))
        shown = pieces(self.loaded.tokenizer, list(question.ids))
        cut = len(shown) - question.n_prefix
        last = self.last(question)
        logits = last.parts.logits(last.final)[:, 0]
        (outcome,) = Outcomes.of(logits, [question.answer]).rows(self.loaded.tokenizer)
        return question, {
            "tokens": shown[:cut],
            "answer_prefix": "".join(shown[cut:]),
            "answer_token": self.loaded.tokenizer.decode([question.answer]),
            "answer_tokens": whole,
            "probability": outcome["probability"],
            "rank": outcome["rank"],
            "top": top(outcome),
        }

    def last(self, question: Question) -> LastToken:
        """The question's last position."""
        if question.ids not in self._kept:
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[question.ids] = last_token(self.loaded, question.ids)
        return self._kept[question.ids]

    def words(self, question: Question) -> str:
        """The question and the token it is scored by, to be read."""
        begun = "".join(pieces(self.loaded.tokenizer, list(question.ids)))
        return f"{begun} →{self.loaded.tokenizer.decode([question.answer])}"

    def other_facts(
        self, asked: dict[str, Any], question: Question, rng: np.random.Generator
    ) -> list[Question]:
        """Facts of another subject and another answer; those that the model knows, if any."""
        if self._told is None:
            return []
        rows = self._told.facts.to_pylist()
        known = [row for row in rows if row["fact_id"] in self._told.known] or rows
        own = next((row for row in rows if row["fact_id"] == asked.get("fact")), None)
        if own is not None:
            same = [row for row in known if row["relation"] == own["relation"]]
            names = {own["subject"], own["object"]}
            others = [r for r in same or known if not names & {r["subject"], r["object"]}]
        else:
            said = f"{asked['text']} {asked['answer']}".casefold()
            others = [
                row
                for row in known
                if row["subject"].casefold() not in said and row["object"].casefold() not in said
            ]
        chosen = [others[i]["fact_id"] for i in rng.permutation(len(others))[: 4 * OTHER_FACTS]]
        if not chosen:
            return []
        try:
            found = self._ask(self._told, chosen)
        except KnError:  # none of them has a token to be scored by
            return []
        first: dict[int, Question] = {}
        for other in found:
            if other.answer != question.answer:
                first.setdefault(other.fact_id, other)
        return [first[fact] for fact in chosen if fact in first][:OTHER_FACTS]

    def _of_fact(self, fact: int, prompt: int | None) -> tuple[Question, int]:
        if self._told is None:
            raise KnError("this corpus has no facts yet: `kn knowledge` makes them")
        found = self._ask(self._told, [fact])
        chosen = [q for q in found if prompt is None or q.prompt == prompt]
        if not chosen:
            raise KnError(f"this model can't be asked prompt {prompt} of fact {fact}")
        return chosen[0], chosen[0].n_prefix + 1

    def _ask(self, told: Told, facts: list[int]) -> list[Question]:
        context = self.loaded.parts.context
        return ask(self.loaded.tokenizer, told.facts, told.prompts, facts, context).asked

    def _own(self, text: str, answer: str) -> tuple[Question, int]:
        """A sentence of one's own, scored by its answer's first distinguishing token."""
        question = single(self.loaded.tokenizer, text, answer)
        found, whole = distinguished(
            self.loaded.tokenizer, question, text, answer, self._others(answer)
        )
        if len(found.ids) > self.loaded.parts.context:
            raise KnError(
                f"this sentence is longer than the model's context of "
                f"{self.loaded.parts.context} tokens: give a shorter one"
            )
        return found, whole

    def _others(self, answer: str) -> list[str]:
        """The other objects of the relations in which `answer` is one."""
        if self._told is None:
            return []
        relations: dict[str, set[str]] = {}
        for row in self._told.facts.select(["relation", "object"]).to_pylist():
            relations.setdefault(row["relation"], set()).add(row["object"])
        name = answer.strip()
        return sorted({o for held in relations.values() if name in held for o in held} - {name})


def distinguished(
    tokenizer: Any, question: Question, text: str, answer: str, others: Sequence[str]
) -> tuple[Question, int]:
    """The question scored by the first token of `answer` that no name in `others` shares.

    The tokens before it are the answer prefix. Where there is none, since the answer is a prefix of
    another name, the first token is scored. Returns the question and the number of the answer's
    tokens.
    """
    text = text.rstrip()
    start, *whole = tokenizer([text, *(f"{text} {name}" for name in [answer.strip(), *others])])[
        "input_ids"
    ]
    own, *rest = (ids[len(start) :] for ids in whole)
    at = next((i for i in range(len(own)) if all(o[: i + 1] != own[: i + 1] for o in rest)), 0)
    ids = (*question.ids, *own[:at])
    return Question(question.fact_id, question.prompt, ids, own[at], at), len(own)


def top(outcome: dict[str, Any]) -> list[list[Any]]:
    """The most likely next tokens as [token, probability]."""
    pairs = zip(outcome["top"], outcome["top_probabilities"], strict=True)
    return [[token, probability] for token, probability in pairs]
