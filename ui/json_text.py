"""Answers as JSON text, since Gradio walks through every value of a structured answer."""

from __future__ import annotations

import json


def to_json(answer: object) -> str:
    """JSON as every browser reads it, without markup. Raises ValueError on infinities and NaN."""
    text = json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")
