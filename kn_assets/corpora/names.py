"""Which corpora there are, and which one a name on the command line means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kn_assets.corpora import own_file
from kn_assets.errors import KnError


@dataclass(frozen=True)
class Corpus:
    """A corpus: `key` names it in the lake; `path` is the file of a corpus that is one."""

    kind: Literal["wikipedia", "geonames", "file"]
    key: str
    path: Path | None = None


def names() -> list[str]:
    """The corpora that need no file."""
    return list(own_file.RESERVED)


def resolve(name: str) -> Corpus:
    """The corpus of that name: `wikipedia`, `geonames`, or the path of a file.

    Raises KnError where it is none of them, or where the file's name can't name a corpus.
    """
    if name == "wikipedia":
        return Corpus("wikipedia", name)
    if name == "geonames":
        return Corpus("geonames", name)
    path = Path(name).expanduser()
    if not path.is_file():
        raise KnError(f"{name!r} is neither {', '.join(names())}, nor a file that exists")
    return Corpus("file", own_file.key(path), path.resolve())
