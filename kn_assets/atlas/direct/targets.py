"""The token that contributions are told of: what really follows, the model's answer, or any one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kn_assets.errors import KnError

NONE = -1
"""The id where a position has no target."""


@dataclass(frozen=True)
class Target:
    """A target as it is asked for.

    `kind`: `next` (the token that follows at each position), `answer` (the model's own likeliest at
    each), or `token` (the one with the id `token` at all).
    """

    kind: str
    token: int = NONE

    def ids(self, prompt: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """The id at each position, int64 [T], NONE where nothing follows.

        prompt: int [T], its tokens; answers: int [T], the model's likeliest next tokens.
        """
        if self.kind == "token":
            return np.full(len(prompt), self.token, np.int64)
        if self.kind == "answer":
            return np.asarray(answers, np.int64)
        return np.append(prompt[1:], NONE).astype(np.int64)


def target(asked: object, tokenizer: Any, vocab_size: int) -> Target:
    """The target that `asked` names: a text, or `{"kind": ..., "token" or "id": ...}`.

    A text must be one token of the model's: " France" with its space. Raises KnError where it is
    none, with the tokens that it is, unless `first` asks for the first of them.
    """
    if isinstance(asked, str):
        asked = {"kind": "token", "token": asked}
    if not isinstance(asked, dict) or asked.get("kind") not in ("next", "answer", "token"):
        raise KnError("a target is a token's text, or of kind next, answer or token")
    if asked["kind"] != "token":
        return Target(asked["kind"])
    if asked.get("id") is not None:
        return Target("token", _known(asked["id"], vocab_size))
    text = asked.get("token")
    if not isinstance(text, str) or not text:
        raise KnError("a target token needs its text, or its id")
    return Target("token", _only(text, tokenizer, vocab_size, bool(asked.get("first"))))


def against(asked: object, tokenizer: Any, vocab_size: int) -> Target | None:
    """What a target is held against, as `target`: None for nothing, and not what follows."""
    if asked is None:
        return None
    found = target(asked, tokenizer, vocab_size)
    if found.kind == "next":
        raise KnError("a target is held against a token or the model's answer")
    return found


def _known(token: object, vocab_size: int) -> int:
    if not isinstance(token, int) or isinstance(token, bool) or not 0 <= token < vocab_size:
        raise KnError(f"a token's id is a whole number from 0 to {vocab_size - 1}")
    return token


def _only(text: str, tokenizer: Any, vocab_size: int, first: bool) -> int:
    ids = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    if not ids:
        raise KnError(f"{text!r} holds no token of this model")
    if len(ids) > 1 and not first:
        words = [tokenizer.decode([i], clean_up_tokenization_spaces=False) for i in ids]
        raise KnError(
            f"{text!r} is {len(ids)} tokens of this model ({', '.join(map(repr, words))}): give "
            "one of them, with its space"
        )
    return _known(ids[0], vocab_size)
