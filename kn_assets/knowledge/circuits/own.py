"""A pair of one's own: a prompt and its contrast as they were typed, each with its answer.

The subject is what differs between the two prompts. What is explained begins at the first token at
which the answers differ; tokens that both begin with are appended to both prompts. An answer that
isn't given is the token that the model holds likeliest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kn_assets.atlas.forward.tokens import pieces, texts
from kn_assets.errors import KnError
from kn_assets.knowledge.circuits.pair import Pair, of_tokens
from kn_assets.knowledge.circuits.roles import Roles
from kn_assets.knowledge.circuits.whole_prompt import WholePrompt
from kn_assets.knowledge.questions import encode, single

if TYPE_CHECKING:
    from kn_assets.atlas.direct.layout import Layout

MOST_TOKENS = 64
"""Of a prompt: each is a column of the picture, and all their units' gradients are in memory."""


@dataclass(frozen=True)
class Typed:
    """What was typed: a prompt and the contrast's. answer, contrast_answer: "" where none is."""

    text: str
    contrast: str
    answer: str = ""
    contrast_answer: str = ""


@dataclass(frozen=True)
class Answered:
    """An answer. words: as it was typed, or the likeliest token; token: text of the one that
    counts; n_tokens: of the whole; rank, probability: of the token after its prompt.
    """

    words: str
    token: str
    n_tokens: int
    given: bool
    rank: int
    probability: float


@dataclass(frozen=True, eq=False)
class OwnPair:
    """A pair with the roles of its prompt's tokens. subject, other: the words that differ;
    prefix: what both answers begin with, behind both prompts; tokens: texts of the prompt's.
    """

    pair: Pair
    roles: Roles
    subject: str
    other: str
    prefix: str
    tokens: list[str]
    answer: Answered
    against: Answered


def own_pair(layout: Layout, tokenizer: Any, typed: Typed, longest: int | None = None) -> OwnPair:
    """Run both prompts. longest: tokens of a prompt that are allowed, at most `MOST_TOKENS`.

    Raises KnError, in a line, for a prompt or answer that can't be asked, for prompts that are the
    same or have different numbers of tokens, and for answers that no token tells apart.
    """
    start, told = _spelled(tokenizer, typed.text, typed.answer)
    other, other_told = _spelled(tokenizer, typed.contrast, typed.contrast_answer)
    most = min(MOST_TOKENS, longest or MOST_TOKENS)
    if len(start) > most:
        raise KnError(f"your prompt has {len(start)} tokens: give one of {most} or fewer")
    where = _compared(tokenizer, start, other)
    whole = told or [_likeliest(layout, start)]
    other_whole = other_told or [_likeliest(layout, other)]
    n = _shared(whole, other_whole)
    if n == min(len(whole), len(other_whole)):
        raise KnError(_alike(tokenizer, whole[:n], bool(told), bool(other_told)))
    ids, other_ids = [*start, *whole[:n]], [*other, *other_whole[:n]]
    clean = WholePrompt.of(layout, ids)
    pair = of_tokens(layout, clean, other_ids, whole[n], other_whole[n])
    words, at = pieces(tokenizer, ids), slice(where.start, where.end)
    return OwnPair(
        pair,
        Roles(len(ids), where.start, where.end),
        "".join(words[at]).strip(),
        "".join(pieces(tokenizer, other_ids)[at]).strip(),
        "".join(words[len(start) :]),
        words,
        _answered(clean, tokenizer, typed.answer, whole, n),
        _answered(
            WholePrompt.of(layout, other_ids), tokenizer, typed.contrast_answer, other_whole, n
        ),
    )


def _spelled(tokenizer: Any, text: str, answer: str) -> tuple[list[int], list[int]]:
    """Ids of a prompt, and of its answer as it goes on there; none where it isn't given."""
    if answer.strip():
        asked = single(tokenizer, text, answer)
        return list(asked.ids[: len(asked.ids) - asked.n_prefix]), list(asked.whole)
    (ids,) = encode(tokenizer, [text]) if text.strip() else ([],)
    if not ids:
        raise KnError("give your prompt and its contrast: the beginnings of two sentences")
    return ids, []


def _compared(tokenizer: Any, ids: Sequence[int], other: Sequence[int]) -> Roles:
    """Where two prompts differ, from the first token that does to the last."""
    if list(ids) == list(other):
        raise KnError("both prompts are the same: write another subject into the contrast")
    shortest = min(len(ids), len(other))
    start = _shared(ids, other)
    ends = min(_shared(ids[::-1], other[::-1]), shortest - start)
    if len(ids) == len(other):
        return Roles(len(ids), start, len(ids) - ends)
    start -= start > 0 and start + ends == shortest  # not a word that only one of them has
    apart = [
        (pieces(tokenizer, list(one))[start : len(one) - ends], len(one)) for one in (ids, other)
    ]
    (mine, n), (its, of_other) = ((f"“{''.join(p).strip()}” {len(p)}", n) for p, n in apart)
    raise KnError(
        f"your prompt has {n} tokens and the contrast {of_other} ({mine}, {its}): choose words of "
        "as many, so that each token has its counterpart"
    )


def _likeliest(layout: Layout, ids: Sequence[int]) -> int:
    return int(WholePrompt.of(layout, ids).logits.argmax())


def _alike(tokenizer: Any, ids: Sequence[int], given: bool, other_given: bool) -> str:
    said = f"“{''.join(texts(tokenizer, list(ids))).strip()}”"
    if not given and not other_given:
        return f"the model goes on alike with both prompts ({said}): write two answers that differ"
    return f"both answers begin with {said}, and no token tells them apart: write other ones"


def _answered(
    run: WholePrompt, tokenizer: Any, words: str, whole: Sequence[int], at: int
) -> Answered:
    token = whole[at]
    (shown,) = texts(tokenizer, [token])
    logits = run.logits.double()
    return Answered(
        words.strip() or shown.strip() or shown,
        shown,
        len(whole),
        bool(words.strip()),
        int((logits > logits[token]).sum()) + 1,
        float(logits.softmax(0)[token]),
    )


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    n = 0
    while n < min(len(one), len(other)) and one[n] == other[n]:
        n += 1
    return n
