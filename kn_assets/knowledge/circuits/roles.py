"""What part of a fact's prompt each token plays: its subject, what is asked of it, its end.

Units are chosen in one wording and measured in another, where the same words stand at other
positions. So a place is told by its role: the subject's tokens counted from the subject's end, and
the prompt's last token. Tokens before the subject hold nothing of it (attention looks back only);
those between say what is asked, and have no counterpart in another wording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from kn_assets.knowledge.questions import encode

Role = Literal["before", "subject", "subject last", "relation", "last"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Place:
    """A token of a prompt by its role. offset: tokens up to the subject's end, from 0; 0
    elsewhere."""

    role: Role
    offset: int = 0


@dataclass(frozen=True)
class Roles:
    """The roles of a prompt of `n` tokens whose subject is `start` to `end` (exclusive)."""

    n: int
    start: int
    end: int

    def role(self, position: int) -> Role:
        if position == self.n - 1:
            return "last"
        if position < self.start:
            return "before"
        if position >= self.end:
            return "relation"
        return "subject last" if position == self.end - 1 else "subject"

    def place(self, position: int) -> Place | None:
        """What finds the token again in another wording, None where nothing does."""
        role = self.role(position)
        if role == "last":
            return Place(role)
        in_subject = self.start <= position < self.end
        return Place(role, self.end - 1 - position) if in_subject else None

    def position(self, place: Place) -> int | None:
        """Where a place is in this prompt, None where the subject has fewer tokens."""
        if place.role == "last":
            return self.n - 1
        found = self.end - 1 - place.offset
        return found if self.start <= found < self.n - 1 else None


def roles(tokenizer: Any, text: str, subject: str, ids: Sequence[int]) -> Roles | None:
    """The roles of a prompt's tokens; None where its text doesn't hold the subject.

    ids: what the model reads of `text`, more tokens of the answer behind it where need be. A token
    that straddles an edge of the subject is part of it.
    """
    at = text.find(subject)
    if at < 0 or not subject:
        return None
    before, through = encode(tokenizer, [text[:at].rstrip(), text[: at + len(subject)]])
    start = min(_shared(before, ids), len(ids) - 1)
    whole = _shared(through, ids)
    end = whole if whole == len(through) else whole + 1
    return Roles(len(ids), start, max(start + 1, min(end, len(ids))))


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    n = 0
    while n < min(len(one), len(other)) and one[n] == other[n]:
        n += 1
    return n
