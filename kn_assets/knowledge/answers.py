"""A model's answers to the prompts of facts: how likely the whole object is, token by token, and
probability and rank of the token that tells it from others, with the most likely tokens there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kn_assets.atlas.forward import tokens
from kn_assets.knowledge.likelihood import NextTokens, Whole
from kn_assets.knowledge.questions import Question
from kn_assets.knowledge.teacher_forcing import answer_states, positions
from kn_assets.knowledge.work import Part, Parts, at_once
from kn_assets.lake.schema import KNOWLEDGE
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.load import LoadedModel

TOP = 5
_ROWS = 32
_AT_ONCE = 64  # positions whose logits are held: objects may be long, vocabularies are large


def answer(
    loaded: LoadedModel,
    questions: Iterable[Question],
    progress: Progress | None = None,
    parts: Parts = at_once,
) -> pa.Table:
    """The table `fact_answers`: the whole answer's log-probability and whether greedy decoding says
    it; probability and rank of its telling token, and the most likely tokens there.

    Questions of like length go through the model together, a batch of them a part. Raises KnError
    where the model's logits aren't finite.
    """
    asked = list(questions)
    order = sorted(range(len(asked)), key=lambda i: len(asked[i].ids))
    batches = [
        [asked[i] for i in order[start : start + _ROWS]] for start in range(0, len(order), _ROWS)
    ]

    def make(left: list[int]) -> Iterator[Part]:
        done = len(asked) - sum(len(batches[i]) for i in left)
        with (progress or Progress()).bar("answers", len(asked), "prompts", done) as bar:
            for i in left:
                yield (_answered(loaded, batches[i]),)
                bar.advance(len(batches[i]))

    found = parts("answers", [str(i) for i in range(len(batches))], make)
    empty = KNOWLEDGE["fact_answers"].schema.empty_table()
    joined = pa.concat_tables([empty, *(table for (table,) in found)])
    return joined.take(pa.array(np.argsort(order), pa.int64()))


def _answered(loaded: LoadedModel, asked: list[Question]) -> pa.Table:
    """The rows of some questions that go through the model together."""
    import torch

    with torch.no_grad():
        told, whole = score(loaded, asked)
    shown = _pieces(loaded.tokenizer, [q.answer for q in asked])
    rows = [
        {
            "fact_id": q.fact_id,
            "prompt": q.prompt,
            "answer_prefix": "".join(
                tokens.pieces(loaded.tokenizer, list(q.ids))[len(q.ids) - q.n_prefix :]
            ),
            "position": len(q.ids) - 1,
            "answer_token_id": q.answer,
            "answer_token": token,
            **found,
            "answer_tokens": len(q.whole),
            "logprob": float(logprob),
            "greedy": bool(greedy),
            "fact_set": q.fact_set,
        }
        for q, token, found, logprob, greedy in zip(
            asked, shown, told.rows(loaded.tokenizer), whole.logprobs, whole.greedy, strict=True
        )
    ]
    return pa.Table.from_pylist(rows, schema=KNOWLEDGE["fact_answers"].schema)


def right(fact_answers: pa.Table) -> set[tuple[int, int]]:
    """The prompts, by fact and number, after which the answer's token is the likeliest of all."""
    columns = (fact_answers[name].to_pylist() for name in ("fact_id", "prompt", "rank"))
    return {(fact, prompt) for fact, prompt, rank in zip(*columns, strict=True) if rank == 1}


def known(fact_answers: pa.Table, share: float = 0.5) -> list[int]:
    """Ids of the facts whose whole object greedy decoding says in at least `share` of their
    prompts."""
    correct: dict[int, list[bool]] = {}
    for row in fact_answers.select(["fact_id", "greedy"]).to_pylist():
        correct.setdefault(row["fact_id"], []).append(bool(row["greedy"]))
    return [fact for fact, hits in correct.items() if sum(hits) >= share * len(hits)]


@dataclass(frozen=True)
class Outcomes:
    """Answers under some next-token distributions, one row each.

    probabilities: float32 [rows]; ranks: int64 [rows], from 1, the worst of a tie; top_ids: int64
    [rows, 5] and top_probabilities: float32 [rows, 5], the most likely first.
    """

    probabilities: np.ndarray
    ranks: np.ndarray
    top_ids: np.ndarray
    top_probabilities: np.ndarray

    @staticmethod
    def of(logits: Tensor, answers: list[int]) -> Outcomes:
        """logits: [rows, vocab_size]; answers: a token id for each row. Raises KnError where a row
        isn't finite."""
        return Outcomes._of(NextTokens.of(logits, answers))

    @staticmethod
    def _of(found: NextTokens) -> Outcomes:
        top = found.logits.softmax(-1).topk(min(TOP, found.logits.shape[1]), dim=1)
        return Outcomes(
            found.logprobs.exp().cpu().numpy(),
            found.ranks.cpu().numpy(),
            top.indices.cpu().numpy(),
            top.values.cpu().numpy(),
        )

    @staticmethod
    def joined(parts: Sequence[Outcomes]) -> Outcomes:
        """The rows of some, one at least, in order."""
        names = ("probabilities", "ranks", "top_ids", "top_probabilities")
        return Outcomes(*(np.concatenate([getattr(p, n) for p in parts]) for n in names))

    def rows(self, tokenizer: Any) -> list[dict[str, Any]]:
        """As dictionaries: probability, rank, top, top_probabilities."""
        n, k = self.top_ids.shape
        shown = _pieces(tokenizer, self.top_ids.ravel().tolist())
        return [
            {
                "probability": float(self.probabilities[i]),
                "rank": int(self.ranks[i]),
                "top": shown[i * k : (i + 1) * k],
                "top_probabilities": self.top_probabilities[i].tolist(),
            }
            for i in range(n)
        ]


def score(loaded: LoadedModel, asked: Sequence[Question]) -> tuple[Outcomes, Whole]:
    """Some questions, one at least, in one pass: each one's telling token, and its whole answer.

    Raises KnError where the model's logits aren't finite.
    """
    texts, at, said = positions(asked)
    states = answer_states(loaded, texts, at)
    telling = [
        first + q.n_prefix
        for first, q in zip(accumulate([0, *(len(q.whole) for q in asked)]), asked, strict=False)
    ]
    logprobs, ranks, outcomes = [], [], []
    for start in range(0, len(said), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        found = NextTokens.of(loaded.parts.logits(states[part], normed=True), said[part])
        logprobs.append(found.logprobs.cpu().numpy())
        ranks.append(found.ranks.cpu().numpy())
        if mine := [i - start for i in telling if part.start <= i < part.stop]:
            told = NextTokens(found.logits[mine], found.logprobs[mine], found.ranks[mine])
            outcomes.append(Outcomes._of(told))
    lengths = [len(q.whole) for q in asked]
    return Outcomes.joined(outcomes), Whole.of(
        np.concatenate(logprobs), np.concatenate(ranks), lengths
    )


def _pieces(tokenizer: Any, ids: list[int]) -> list[str]:
    """The text of each token by itself; bytes that are no character as `<E2>`."""
    return tokens.texts(tokenizer, ids)
