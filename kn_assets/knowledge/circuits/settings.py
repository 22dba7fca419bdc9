"""Settings of the tables about circuits: one dataclass with defaults, noted beside the tables."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from kn_assets.errors import KnError

Method = Literal["integrated", "relevance", "gradient", "logprob", "last_token"]
METHODS: tuple[Method, ...] = get_args(Method)
VERSION = 5  # raised when the same model and facts would give other tables


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True)
class CircuitSettings:
    """Of which facts circuits are made, and how units are chosen and measured."""

    facts: int = _setting(50, "facts asked of each relation, the largest cities' first")
    known: int = _setting(8, "facts of each relation, out of the known ones, that get a circuit")
    method: str = _setting("integrated", f"estimate that chooses units: {', '.join(METHODS)}")
    contrasts: int = _setting(3, "contrasts of a prompt that units are chosen on")
    held_out: int = _setting(2, "contrasts of another wording that they are measured on")
    midpoints: int = _setting(8, "midpoints of integrated gradients")
    units: int = _setting(300, "strongest units of a prompt whose effect is measured by patching")
    specific: float = _setting(
        0.2,
        "share of a unit's score that it may have for the subject's other facts, in a specific "
        "circuit",
    )
    changed: int = _setting(
        30, "strongest neurons of a circuit that are suppressed and amplified where they stand"
    )
    seed: int = _setting(0, "seed of contrasts and controls")
    fact_file: str | None = _setting(
        None, "file or folder of facts to ask in place of the corpus' own: CSV, JSONL, ParaRel, LRE"
    )
    like: str | None = _setting(
        None, "atlas whose facts get circuits, known or not: that of the last step"
    )

    def checked(self) -> CircuitSettings:
        """Raises KnError for values that can't be."""
        for name in ("facts", "known", "contrasts", "held_out", "midpoints", "units", "changed"):
            if getattr(self, name) < 1:
                raise KnError(f"--{name.replace('_', '-')} must be at least 1")
        if self.method not in METHODS:
            raise KnError(f"{self.method!r} is no method: use one of {', '.join(METHODS)}")
        if not 0 <= self.specific <= 1:
            raise KnError("--specific must be from 0 to 1")
        return self

    def told(self) -> str:
        """The settings as text, for a fingerprint; the fact file is in the facts' own."""
        given = asdict(self)
        del given["fact_file"]
        return json.dumps([VERSION, given])
