"""Partitions: one corpus or one model of the lake, their names, and words on their tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from kn_assets.errors import KnError
from kn_assets.lake.schema import ASKED, ASKED_CIRCUITS, CIRCUITS, KNOWLEDGE, STEPS, Kind

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")


@dataclass(frozen=True)
class Partition:
    """One corpus or one model of the lake, e.g. `Partition("model", "gpt2")`."""

    kind: Kind
    key: str

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise KnError(
                f"{self.key!r} can't name a {self.kind}: use letters, digits, and . _ @ + - only"
            )

    def __str__(self) -> str:
        return f"{self.kind}={self.key}"


def corpus(key: str) -> Partition:
    return Partition("corpus", key)


def model(key: str) -> Partition:
    return Partition("model", key)


MENDED_BY_ASKING = {
    **dict.fromkeys(ASKED, "the next fact asked on demand in `kn ui` mends it"),
    **dict.fromkeys(ASKED_CIRCUITS, "the next circuit of a sentence in `kn ui` mends it"),
}
"""What mends a table that no command makes."""


def outdated(partition: Partition, name: str, lacking: set[str]) -> str:
    """A line on a table that an earlier version of this project wrote."""
    return (
        f"{name} of {partition.key} was written by an earlier version (no column "
        f"{', '.join(sorted(lacking))}): `{command(name)}` makes it again"
    )


def command(name: str) -> str:
    """The command that makes a table."""
    if name in CIRCUITS:
        return "kn circuits"
    if name in STEPS or name == "fact_lens":
        return "kn knowledge --steps-of all"
    return "kn knowledge" if name in KNOWLEDGE else "kn run"


def damaged(partition: Partition, name: str, what: str) -> str:
    """A line on a table that isn't as it was written."""
    mended = MENDED_BY_ASKING.get(name, "the `kn` command that made it makes it again")
    return f"{name} of {partition.key} is damaged ({what}): {mended}"


def is_stray(place: Path) -> bool:
    """Whether something named like a partition can't be one."""
    return not _KEY.fullmatch(place.name.split("=", 1)[1]) or not place.is_dir()
