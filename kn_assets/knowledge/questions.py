"""Prompts as questions: the tokens that a model reads, and the tokens that answer them.

The whole object is asked for: a model knows it if every token of it, one after the other, is
likelier than all others. Ranks, attribution and interventions need one position: that of the
object's *first distinguishing token*, the first that no other object of its relation in the corpus
has after the same tokens and that says more than an article. The tokens before it, the *answer
prefix*, are appended to the prompt there. So `South Korea` beside `South Africa` is scored by
` Korea` after `... in South`, `the Netherlands` by ` Netherlands` after `... in the`, and `Japan`
by ` Japan`. An object whose tokens are a prefix of another's (`Guinea` beside `Guinea-Bissau`) has
no such token: its facts are left out and counted, as are prompts at whose end the tokenizer joins
prompt and object.

Prompt and object are written with a space between them or none, see `spacing`. What a tokenizer
puts at the beginning of every text stays, what it puts at the end (an EOS token) is left off.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from kn_assets.errors import KnError
from kn_assets.knowledge.spacing import between

NO_DISTINGUISHING_TOKEN = "the object is a prefix of another"
JOINED = "the tokenizer joins the end of the prompt with the object"
TOO_LONG = "the prompt exceeds the model's context"

_SAYS_NOTHING = re.compile(r"(?:(?:the|an|a)\s++|[^\w\s]++\s*+)+(?=\w)", re.IGNORECASE)
"""Articles and punctuation at the beginning of an object: they never decide.

What one part of it has taken it doesn't give back: of forty brackets in a row there would be 2^39
ways to share them out.
"""


@dataclass(frozen=True)
class Question:
    """One prompt as the model reads it, and the token that answers it.

    prompt: number of the fact's prompt. ids: the prompt's tokens and the answer prefix, the last
    `n_prefix` of them; the answer position is the last. rest: the object's tokens after `answer`.
    fact_set: fingerprint of the facts that it is one of, empty where it is of none.
    """

    fact_id: int
    prompt: int
    ids: tuple[int, ...]
    answer: int
    n_prefix: int = 0
    rest: tuple[int, ...] = ()
    fact_set: str = ""

    @property
    def whole(self) -> tuple[int, ...]:
        """The tokens of the whole object, one at least."""
        return (*self.ids[len(self.ids) - self.n_prefix :], self.answer, *self.rest)


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
    begun = encode(tokenizer, [row["text"] for row in rows])
    names = [fact_of[row["fact_id"]]["object"] for row in rows]
    texts = [f"{r['text']}{between(r['text'], o)}{o}" for r, o in zip(rows, names, strict=True)]
    whole = encode(tokenizer, texts)
    for row, start, full in zip(rows, begun, whole, strict=True):
        fact = fact_of[row["fact_id"]]
        key = (fact["relation"], between(row["text"], fact["object"]), fact["object"])
        at, tokens = answers[key], full[len(start) :]
        if full[: len(start)] != start or tokens != spelled[key].ids:
            left_out[JOINED] += 1
        elif at is None:
            left_out[NO_DISTINGUISHING_TOKEN] += 1
        elif context is not None and len(full) - 1 > context:
            left_out[TOO_LONG] += 1
        else:
            ids, rest = (*start, *tokens[:at]), tuple(tokens[at + 1 :])
            of = fact["fact_set"] or ""
            asked.append(Question(row["fact_id"], row["prompt"], ids, tokens[at], at, rest, of))
    if not asked:
        why = "; ".join(left_out) or "there are no facts"
        raise KnError(f"no fact can be asked of this model: {why}")
    return Questions(asked, dict(left_out))


def single(tokenizer: Any, text: str, answer: str, others: Sequence[str] = ()) -> Question:
    """A question of one's own, scored by the first token of `answer` that tells it from `others`.

    Where none does, since the answer is a prefix of another, its first token after articles is
    scored. `text` is asked as it was typed, white space at its end too; white space typed before
    the answer stands for a space between them, as it does within the answer. Raises KnError where
    text or answer is empty, the answer an article, or the tokenizer joins them.
    """
    name = " ".join(answer.split())
    if not text.strip() or not name:
        raise KnError("give the beginning of a sentence and its answer")
    if name in ("the", "a", "an"):
        raise KnError(f"“{name}” alone says nothing: give the whole answer")
    begun = text + (" " if answer[0].isspace() and not text[-1].isspace() else between(text, name))
    lead_name = _lead(name)
    start, full, lead, *rest = encode(
        tokenizer,
        [
            text,
            begun + name,
            begun + lead_name if lead_name else text,
            *(begun + other for other in others),
        ],
    )
    if full[: len(start)] != start or len(full) == len(start):
        how = "leave out the blank at its end" if text[-1].isspace() else "end it with a whole word"
        raise KnError(f"{JOINED}: {how}")
    cut = len(start)
    own = _Spelled(full[cut:], _length(lead[cut:], full[cut:]))
    at = own.first_apart([ids[cut:] for ids in rest])
    if at is None:
        at = own.lead
    return Question(-1, 0, tuple(full[: cut + at]), full[cut + at], at, tuple(full[cut + at + 1 :]))


def encode(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    """Token ids of some texts, without what the tokenizer appends to each."""
    if not texts:
        return []
    # What all texts end with, the empty one too, was put there.
    *found, none, a, b = tokenizer([*texts, "", "a", "b"])["input_ids"]
    n = 0
    while n < len(none) and none[-1 - n :] == a[-1 - n :] == b[-1 - n :]:
        n += 1
    if a == none:  # a tokenizer without these letters: nothing tells begin from end
        n = 0
    return [list(ids[: len(ids) - n]) for ids in found]


@dataclass(frozen=True)
class _Spelled:
    """An object's tokens after a prompt; the first `lead` of them say nothing by themselves."""

    ids: list[int]
    lead: int

    def first_apart(self, others: Sequence[Sequence[int]]) -> int | None:
        """Index of the first token, after the lead, with which no other begins alike."""
        found = range(self.lead, len(self.ids))
        return next(
            (i for i in found if all(list(o[: i + 1]) != self.ids[: i + 1] for o in others)), None
        )


_Key = tuple[str, str, str]
"""Relation, what stands before the object, object."""


def _lead(name: str) -> str:
    found = _SAYS_NOTHING.match(name)
    return found[0].rstrip() if found else ""


def _length(lead: Sequence[int], ids: Sequence[int]) -> int:
    """Tokens of the lead; 0 where the tokenizer joins it with what follows."""
    return len(lead) if len(lead) < len(ids) and list(ids[: len(lead)]) == list(lead) else 0


def _spelled(
    tokenizer: Any, fact_of: dict[int, dict[str, Any]], rows: list[dict[str, Any]]
) -> dict[_Key, _Spelled]:
    """Each relation's objects as tokens, as they stand after a prompt of theirs: with a space
    before them, or without, where any prompt of the relation asks for that.
    """
    carriers: dict[_Key, str] = {}
    of_relation: dict[tuple[str, str], str] = {}
    names: dict[str, dict[str, None]] = {}
    for row in rows:
        fact = fact_of[row["fact_id"]]
        relation, name = fact["relation"], fact["object"]
        space = between(row["text"], name)
        carriers.setdefault((relation, space, name), row["text"])
        of_relation.setdefault((relation, space), row["text"])
        names.setdefault(relation, {})[name] = None
    for (relation, space), text in of_relation.items():
        for name in names[relation]:
            carriers.setdefault((relation, space, name), text)
    begun = encode(tokenizer, list(carriers.values()))
    whole = encode(tokenizer, [f"{t}{space}{name}" for (_, space, name), t in carriers.items()])
    with_lead = {key: lead for key in carriers if (lead := _lead(key[2]))}
    leads = dict(
        zip(
            with_lead,
            encode(tokenizer, [f"{carriers[k]}{k[1]}{lead}" for k, lead in with_lead.items()]),
            strict=True,
        )
    )
    found = {}
    for key, start, full in zip(carriers, begun, whole, strict=True):
        ids = full[len(start) :]
        found[key] = _Spelled(ids, _length(leads.get(key, start)[len(start) :], ids))
    return found


def _distinguished(spelled: dict[_Key, _Spelled]) -> dict[_Key, int | None]:
    """Index of each object's first distinguishing token, None where it has none."""
    beginnings: Counter[tuple[str, str, tuple[int, ...]]] = Counter(
        (relation, space, tuple(one.ids[: i + 1]))
        for (relation, space, _), one in spelled.items()
        for i in range(len(one.ids))
    )
    return {
        (relation, space, name): next(
            (
                i
                for i in range(one.lead, len(one.ids))
                if beginnings[relation, space, tuple(one.ids[: i + 1])] == 1
            ),
            None,
        )
        for (relation, space, name), one in spelled.items()
    }
