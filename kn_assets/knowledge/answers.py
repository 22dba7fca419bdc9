"""What a model answers: each prompt's tokens, the token that tells its answer, and how likely it is.

An object of several tokens is scored by its *first distinguishing token*: the first that tells it
apart from every other object of its relation in the corpus. The tokens before it, which it shares
with another object, are given to the model at the end of the prompt. So `South Korea` beside `South
Africa` is asked for as ` Korea` after `... in South`, and `Japan` alone as ` Japan`. An object whose
tokens are the beginning of another's (`Guinea` beside `Guinea-Bissau`) has no such token: its facts
are left out and counted, as are prompts at whose end the tokenizer joins prompt and object.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kn_assets.atlas import tokens
from kn_assets.errors import KnError
from kn_assets.progress import Progress
from kn_assets.schema import KNOWLEDGE

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.load import LoadedModel

TOP = 5
_ROWS = 32

NOT_TOLD_APART = "the object begins like another's whole, so that no token tells it apart"
JOINED = "the tokenizer joins the end of the prompt with the object"
TOO_LONG = "the prompt is longer than the model reads"


@dataclass(frozen=True)
class Question:
    """One prompt as the model reads it, and the token that answers it.

    ids: the prompt's tokens with those of the object that it is given, the last `n_given` of them;
    the answer position is the last.
    """

    fact_id: int
    paraphrase: int
    ids: tuple[int, ...]
    answer: int
    n_given: int = 0


@dataclass(frozen=True)
class Questions:
    """`asked` in the order of facts and wordings; `left_out`: reason -> number of prompts."""

    asked: list[Question]
    left_out: dict[str, int]


def ask(
    tokenizer: Any,
    facts: pa.Table,
    fact_prompts: pa.Table,
    fact_ids: Collection[int] | None = None,
    context: int | None = None,
) -> Questions:
    """Make questions of the prompts of some facts (all by default).

    facts: all facts of the corpus, since what distinguishes an object depends on the others of its
    relation. context: most tokens the model reads. Raises KnError where nothing can be asked.
    """
    fact_of = {row["fact_id"]: row for row in facts.to_pylist()}
    wanted = fact_of.keys() if fact_ids is None else set(fact_ids)
    rows = fact_prompts.to_pylist()
    spelled = _spelled(tokenizer, fact_of, rows)
    answers = _distinguished(spelled)
    rows = [row for row in rows if row["fact_id"] in wanted]
    asked: list[Question] = []
    left_out: Counter[str] = Counter()
    begun = _encode(tokenizer, [row["text"] for row in rows])
    whole = _encode(
        tokenizer, [f"{row['text']} {fact_of[row['fact_id']]['object']}" for row in rows]
    )
    for row, start, full in zip(rows, begun, whole, strict=True):
        fact = fact_of[row["fact_id"]]
        key = (fact["relation"], fact["object"])
        at = answers[key]
        if full[: len(start)] != start or full[len(start) :] != spelled[key]:
            left_out[JOINED] += 1
        elif at is None:
            left_out[NOT_TOLD_APART] += 1
        elif context is not None and len(start) + at > context:
            left_out[TOO_LONG] += 1
        else:
            ids = (*start, *full[len(start) : len(start) + at])
            answer = full[len(start) + at]
            asked.append(Question(row["fact_id"], row["paraphrase"], ids, answer, at))
    if not asked:
        why = "; ".join(left_out) or "there are no facts"
        raise KnError(f"no fact can be asked of this model: {why}")
    return Questions(asked, dict(left_out))


def single(tokenizer: Any, text: str, answer: str) -> Question:
    """A question of one's own: `answer` is scored by its first token after `text`.

    Raises KnError where text or answer is empty or the tokenizer joins them.
    """
    text, answer = text.rstrip(), answer.strip()
    if not text or not answer:
        raise KnError("give a beginning of a sentence and the answer that ends it")
    start, full = _encode(tokenizer, [text, f"{text} {answer}"])
    if full[: len(start)] != start or len(full) == len(start):
        raise KnError(f"{JOINED}: end the prompt with a whole word")
    return Question(-1, 0, tuple(start), full[len(start)])


def answer(
    loaded: LoadedModel, questions: Iterable[Question], progress: Progress | None = None
) -> pa.Table:
    """The table `fact_answers`: probability and rank of each answer, and the likeliest tokens."""
    import torch

    asked = list(questions)
    order = sorted(range(len(asked)), key=lambda i: len(asked[i].ids))
    found: dict[int, dict[str, Any]] = {}
    with (progress or Progress()).bar("answers", len(asked), "prompts") as bar, torch.no_grad():
        for start in range(0, len(order), _ROWS):
            some = order[start : start + _ROWS]
            logits = _last_logits(loaded, [asked[i].ids for i in some])
            told = Outcomes.of(logits, [asked[i].answer for i in some])
            for i, row in zip(some, told.rows(loaded.tokenizer), strict=True):
                found[i] = row
            bar.advance(len(some))
    shown = _pieces(loaded.tokenizer, [q.answer for q in asked])
    rows = [
        {
            "fact_id": q.fact_id,
            "paraphrase": q.paraphrase,
            "given": "".join(
                tokens.pieces(loaded.tokenizer, list(q.ids))[len(q.ids) - q.n_given :]
            ),
            "position": len(q.ids) - 1,
            "answer_token_id": q.answer,
            "answer_token": shown[i],
            **found[i],
        }
        for i, q in enumerate(asked)
    ]
    return pa.Table.from_pylist(rows, schema=KNOWLEDGE["fact_answers"].schema)


def known(fact_answers: pa.Table, share: float = 0.5) -> list[int]:
    """Ids of the facts whose answer is the likeliest token in at least `share` of their wordings."""
    right: dict[int, list[bool]] = {}
    for row in fact_answers.select(["fact_id", "rank"]).to_pylist():
        right.setdefault(row["fact_id"], []).append(row["rank"] == 1)
    return [fact for fact, hits in right.items() if sum(hits) >= share * len(hits)]


@dataclass(frozen=True)
class Outcomes:
    """What some next-token distributions say of their answers, a row each.

    probabilities: float32 [rows]; ranks: int64 [rows], from 1, ties in the answer's favour;
    top_ids: int64 [rows, 5] and top_probabilities: float32 [rows, 5], the likeliest first.
    """

    probabilities: np.ndarray
    ranks: np.ndarray
    top_ids: np.ndarray
    top_probabilities: np.ndarray

    @staticmethod
    def of(logits: Tensor, answers: list[int]) -> Outcomes:
        """logits: [rows, vocab_size]; answers: a token id for each row."""
        import torch

        p = logits.float().softmax(-1)
        chosen = p.gather(1, torch.tensor(answers, device=p.device)[:, None])
        top = p.topk(min(TOP, p.shape[1]), dim=1)
        return Outcomes(
            chosen[:, 0].cpu().numpy(),
            ((p > chosen).sum(1) + 1).cpu().numpy(),
            top.indices.cpu().numpy(),
            top.values.cpu().numpy(),
        )

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


def _last_logits(loaded: LoadedModel, prompts: list[tuple[int, ...]]) -> Tensor:
    """Logits after each prompt, [prompts, vocab_size]; padding stands on the right, unseen."""
    import torch

    lengths = torch.tensor([len(ids) for ids in prompts])
    padded = torch.zeros(len(prompts), int(lengths.max()), dtype=torch.long)
    for row, ids in zip(padded, prompts, strict=True):
        row[: len(ids)] = torch.tensor(ids)
    device = next(loaded.model.parameters()).device
    states = loaded.parts.body(input_ids=padded.to(device), use_cache=False).last_hidden_state
    last = states[torch.arange(len(prompts)), lengths - 1]
    return loaded.parts.logits(last, normed=True)


def _encode(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    return tokenizer(texts)["input_ids"] if texts else []


def _pieces(tokenizer: Any, ids: list[int]) -> list[str]:
    return tokenizer.batch_decode([[i] for i in ids], clean_up_tokenization_spaces=False)


_Key = tuple[str, str]


def _spelled(
    tokenizer: Any, fact_of: dict[int, dict[str, Any]], rows: list[dict[str, Any]]
) -> dict[_Key, list[int]]:
    """Each relation's objects as tokens, as they stand after a prompt of theirs."""
    carriers: dict[_Key, str] = {}
    for row in rows:
        fact = fact_of[row["fact_id"]]
        carriers.setdefault((fact["relation"], fact["object"]), row["text"])
    begun = _encode(tokenizer, list(carriers.values()))
    whole = _encode(tokenizer, [f"{text} {name}" for (_, name), text in carriers.items()])
    return {
        key: full[len(start) :] for key, start, full in zip(carriers, begun, whole, strict=True)
    }


def _distinguished(spelled: dict[_Key, list[int]]) -> dict[_Key, int | None]:
    """Index of each object's first distinguishing token, None where it has none."""
    beginnings: Counter[tuple[str, tuple[int, ...]]] = Counter(
        (relation, tuple(ids[: i + 1]))
        for (relation, _), ids in spelled.items()
        for i in range(len(ids))
    )
    return {
        (relation, name): next(
            (i for i in range(len(ids)) if beginnings[relation, tuple(ids[: i + 1])] == 1), None
        )
        for (relation, name), ids in spelled.items()
    }
