"""What `kn doctor` says: a line for each thing it looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line: whether it is well, what was found, and what to do where it isn't."""

    well: bool
    what: str
    advice: str = ""

    def __str__(self) -> str:
        mark = "ok  " if self.well else "MISS"
        return f"{mark} {self.what}" + (f": {self.advice}" if not self.well else "")
