"""What both sides know of their messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

READY = b"ready"
"""Says the answering side before each question."""

UNFORESEEN = "this failed in a way not foreseen, by a fault of this program: its log tells more"

Head = dict[str, Any]
Tell = Callable[[str, int, int], None]
"""Told of words such as `layers`, how many are done, and of how many (0: not known)."""


class Stopped(Exception):
    """The work was cancelled before it was done."""
