"""JSON as others write it."""

from __future__ import annotations

import json
from typing import Any


def parsed(text: str | bytes) -> Any:
    """What a JSON text holds. Raises ValueError where it is none, or nested too deeply to be read,
    for which Python has an error of another kind.
    """
    try:
        return json.loads(text)
    except RecursionError as e:
        raise ValueError("nested too deeply") from e
