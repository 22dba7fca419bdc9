"""Answers as JSON can hold them: NaN and infinities, which JSON has no words for, become null."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

NOT_FINITE = "not_finite"
"""In an answer: how many of its values were NaN or infinite, so that the page can say so."""


def to_json(answer: object, **how: Any) -> str:
    """JSON without NaN and infinities; `how` is for `json.dumps`.

    Where an answer has some they are null, and an object says how many in `not_finite`.
    """
    try:
        return json.dumps(answer, allow_nan=False, **how)
    except ValueError:  # rare: looking for them takes longer than writing
        lost = [0]
        found = _finite(answer, lost)
        if isinstance(found, dict):
            found = {**found, NOT_FINITE: lost[0]}
        return json.dumps(found, allow_nan=False, **how)


def _finite(value: Any, lost: list[int]) -> Any:
    if isinstance(value, dict):
        return {name: _finite(of, lost) for name, of in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(of, lost) for of in value]
    if isinstance(value, float) and not isfinite(value):
        lost[0] += 1
        return None
    return value
