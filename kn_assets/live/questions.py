"""Questions put to a model live: any prompt of a fact, or a sentence of one's own with its answer.

Scored as in the stored tables: the whole answer, and its first distinguishing token (see
`kn_assets.knowledge.questions`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kn_assets.atlas.forward.tokens import pieces, texts
from kn_assets.errors import KnError
from kn_assets.knowledge import controls
from kn_assets.knowledge.answers import known, score
from kn_assets.knowledge.last_token import LastToken, last_token
from kn_assets.knowledge.questions import Question, ask, single
from kn_assets.lake import Lake
from kn_assets.lake import corpus as corpora
from kn_assets.lake import model as partition
from kn_assets.live.model import valid

if TYPE_CHECKING:
    import numpy as np

    from kn_assets.models.load import LoadedModel

OTHER_FACTS = 4
_KEPT = 16


@dataclass(frozen=True)
class Told:
    """What there is to ask beside a question: the corpus' facts, which of them the model knows, and
    whether it was asked any."""

    facts: pa.Table
    prompts: pa.Table
    known: frozenset[int]
    asked: bool

    @classmethod
    def of(cls, lake: Lake, key: str) -> Told | None:
        """The facts of an atlas' corpus, None where it tells none."""
        if lake.meta(partition(key), "atlases") is None:
            return None
        where = corpora(lake.read(partition(key), "atlases", ["corpus"])["corpus"][0].as_py())
        if lake.meta(where, "facts") is None or lake.meta(where, "fact_prompts") is None:
            return None
        facts, prompts = lake.read(where, "facts"), lake.read(where, "fact_prompts")
        sets = set(facts["fact_set"].to_pylist())
        if set(prompts["fact_set"].to_pylist()) != sets:
            raise KnError("facts and their prompts are being made: ask again, or `kn knowledge`")
        said: frozenset[int] = frozenset()
        asked = False
        if lake.meta(partition(key), "fact_answers") is not None:
            answers = lake.read(partition(key), "fact_answers")
            told = [set_ in sets for set_ in answers["fact_set"].to_pylist()]
            ours = answers.filter(pa.array(told, pa.bool_()))
            said, asked = frozenset(known(ours)), ours.num_rows > 0
        return cls(facts, prompts, said, asked)

    @staticmethod
    def stamp(lake: Lake, key: str) -> object:
        """What changes when `of` would give something else."""
        atlas = lake.meta(partition(key), "atlases")
        if atlas is None:
            return None
        where = corpora(lake.read(partition(key), "atlases", ["corpus"])["corpus"][0].as_py())
        told = [lake.meta(where, table) for table in ("facts", "fact_prompts")]
        return told, lake.meta(partition(key), "fact_answers")


class Asker:
    """Puts questions to one loaded model; keeps the last positions of the last few."""

    def __init__(self, loaded: LoadedModel, told: Told | None) -> None:
        self.loaded, self._told = loaded, told
        self._kept: dict[tuple[int, ...], LastToken] = {}

    def question(self, asked: dict[str, Any]) -> tuple[Question, dict[str, Any]]:
        """The question that `asked` means, and how it is asked, scored and answered.

        asked: `fact` and `prompt` (None: the first), or `text` and `answer`. Raises
        KnError for what can't be asked, and where the model's logits aren't finite.
        """
        import torch

        if asked.get("fact") is not None:
            question = self._of_fact(asked["fact"], asked.get("prompt"))
        else:
            question = self.own(asked)
        shown = pieces(self.loaded.tokenizer, list(question.ids))
        cut = len(shown) - question.n_prefix
        with torch.no_grad():
            outcomes, whole = score(self.loaded, [question])
        (outcome,) = outcomes.rows(self.loaded.tokenizer)
        return question, {
            "tokens": shown[:cut],
            "answer_prefix": "".join(shown[cut:]),
            "answer_token": texts(self.loaded.tokenizer, [question.answer])[0],
            "answer_tokens": len(question.whole),
            "logprob": float(whole.logprobs[0]),
            "greedy": bool(whole.greedy[0]),
            "probability": outcome["probability"],
            "rank": outcome["rank"],
            "top": top(outcome),
        }

    def own(self, asked: dict[str, Any]) -> Question:
        """The question of a sentence, `text`, and its `answer`. Raises KnError as `question`."""
        return self._own(valid(str(asked["text"])), valid(str(asked["answer"])))

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
        return f"{begun} →{texts(self.loaded.tokenizer, [question.answer])[0]}"

    def other_facts(
        self, asked: dict[str, Any], question: Question, rng: np.random.Generator
    ) -> dict[str, list[Question]]:
        """Questions that are controls, by their condition: other_fact, of another subject and
        another answer, and same_subject, of the same subject and another answer.

        Only facts that the model knows: those that its stored answers say it knows, or, where there
        are none, that it says rightly when asked here.
        """
        if self._told is None:
            return {}
        rows = self._told.facts.to_pylist()
        own = next((row for row in rows if row["fact_id"] == asked.get("fact")), None)
        known = [row for row in rows if not self._told.asked or row["fact_id"] in self._told.known]
        if own is not None:
            by_id = {row["fact_id"]: row for row in known}
            drawn = controls.other_facts(own, by_id, rng, 4 * OTHER_FACTS)
            about = controls.same_subject(own, by_id)
        else:
            text, said = asked["text"].casefold(), f"{asked['text']} {asked['answer']}".casefold()
            about = [row["fact_id"] for row in known if row["subject"].casefold() in text]
            others = [
                row["fact_id"]
                for row in known
                if row["subject"].casefold() not in said and row["object"].casefold() not in said
            ]
            drawn = [others[i] for i in rng.permutation(len(others))[: 4 * OTHER_FACTS]]
        found = {
            "other_fact": self._first_of(drawn, question),
            "same_subject": self._first_of(about, question),
        }
        return {condition: some for condition, some in found.items() if some}

    def _first_of(self, facts: list[int], question: Question) -> list[Question]:
        """The first prompt of each of some facts that the model answers rightly and otherwise than
        `question`, at most `OTHER_FACTS`.
        """
        if self._told is None or not facts:
            return []
        try:
            found = self._ask(self._told, facts)
        except KnError:  # none of them has a token to be scored by
            return []
        first: dict[int, Question] = {}
        for other in found:
            if other.answer != question.answer:
                first.setdefault(other.fact_id, other)
        chosen = [first[fact] for fact in facts if fact in first]
        if not self._told.asked and chosen:
            _, whole = score(self.loaded, chosen)
            chosen = [q for q, said in zip(chosen, whole.greedy, strict=True) if said]
        return chosen[:OTHER_FACTS]

    def _of_fact(self, fact: int, prompt: int | None) -> Question:
        if self._told is None:
            raise KnError("this corpus has no facts yet: `kn knowledge` makes them")
        found = self._ask(self._told, [fact])
        chosen = [q for q in found if prompt is None or q.prompt == prompt]
        if not chosen:
            raise KnError(f"this model can't be asked prompt {prompt} of fact {fact}")
        return chosen[0]

    def _ask(self, told: Told, facts: list[int]) -> list[Question]:
        context = self.loaded.parts.context
        return ask(self.loaded.tokenizer, told.facts, told.prompts, facts, context).asked

    def _own(self, text: str, answer: str) -> Question:
        """A sentence of one's own, scored by its answer's first distinguishing token."""
        found = single(self.loaded.tokenizer, text, answer, self._others(answer))
        if len(found.ids) + len(found.rest) > self.loaded.parts.context:
            raise KnError(
                f"this sentence is longer than the model's context of "
                f"{self.loaded.parts.context} tokens: give a shorter one"
            )
        return found

    def _others(self, answer: str) -> list[str]:
        """The other objects of the relations in which `answer` is one."""
        if self._told is None:
            return []
        relations: dict[str, set[str]] = {}
        for row in self._told.facts.select(["relation", "object"]).to_pylist():
            relations.setdefault(row["relation"], set()).add(row["object"])
        name = answer.strip()
        return sorted({o for held in relations.values() if name in held for o in held} - {name})


def top(outcome: dict[str, Any]) -> list[list[Any]]:
    """The most likely next tokens as [token, probability]."""
    pairs = zip(outcome["top"], outcome["top_probabilities"], strict=True)
    return [[token, probability] for token, probability in pairs]
