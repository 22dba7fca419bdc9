"""Prompts as questions: the tokens that a model reads, and the token that answers them.

An object of several tokens is scored by its *first distinguishing token*: the first that no other
object of its relation in the corpus has after the same tokens. The tokens before it, the *answer
prefix*, are appended to the prompt. So `South Korea` beside `South Africa` is asked for as ` Korea`
after `... in South`, and `Japan` as ` Japan`. An object whose tokens are a prefix of another's
(`Guinea` beside `Guinea-Bissau`) has no such token: its facts are left out and counted, as are
prompts at whose end the tokenizer joins prompt and object.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from kn_assets.errors import KnError

NO_DISTINGUISHING_TOKEN = "the object is a prefix of another"
JOINED = "the tokenizer joins the end of the prompt with the object"
TOO_LONG = "the prompt exceeds the model's context"


@dataclass(frozen=True)
class Question:
    """One prompt as the model reads it, and the token that answers it.

    prompt: number of the fact's prompt. ids: the prompt's tokens and the answer prefix, the last
    `n_prefix` of them; the answer position is the last.
    """

    fact_id: int
    prompt: int
    ids: tuple[int, ...]
    answer: int
    n_prefix: int = 0


@dataclass(frozen=True)
class Questions:
    """`asked` in the order of facts and prompts; `left_out`: reason -> number of prompts."""

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
            left_out[NO_DISTINGUISHING_TOKEN] += 1
        elif context is not None and len(start) + at > context:
            left_out[TOO_LONG] += 1
        else:
            ids = (*start, *full[len(start) : len(start) + at])
            answer = full[len(start) + at]
            asked.append(Question(row["fact_id"], row["prompt"], ids, answer, at))
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
        raise KnError("give the beginning of a sentence and its answer")
    start, full = _encode(tokenizer, [text, f"{text} {answer}"])
    if full[: len(start)] != start or len(full) == len(start):
        raise KnError(f"{JOINED}: end the prompt with a whole word")
    return Question(-1, 0, tuple(start), full[len(start)])


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


def _encode(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    return tokenizer(texts)["input_ids"] if texts else []
