"""What is asked on demand, a fact or a sentence, and how far the asking of checkpoints is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kn_assets.lake import asked
from ui.runs.job import Job


@dataclass(frozen=True)
class Asking:
    """A fact by its id, or a sentence of one's own; what of `WHAT` is done with it."""

    fact: int | None
    what: str
    text: str | None = None
    answer: str | None = None

    @property
    def fact_id(self) -> int:
        """That of the lake's tables: below 0 for a sentence."""
        return (
            self.fact if self.fact is not None else asked.own_id(self.text or "", self.answer or "")
        )

    @property
    def question(self) -> dict[str, Any]:
        if self.fact is not None:
            return {"fact": self.fact, "what": self.what}
        return {"text": self.text, "answer": self.answer, "what": self.what}


def teller(
    job: Job, key: str, i: int, n: int, left_s: float | None
) -> Callable[[str, int, int], None]:
    """Tells a job how far the asking of one checkpoint of several is."""

    def tell(words: str, done: int, of: int) -> None:
        if n == 1:
            job.tell(words, done, of)
            return
        step = key.partition("@")[2].removeprefix("step") or key
        within = f"{done} of {of} {words}" if of else words
        rest = "" if left_s is None else f", about {max(1, round(left_s))} s left"
        job.tell(f"checkpoints; step {step}: {within}{rest}", i, n)

    return tell
