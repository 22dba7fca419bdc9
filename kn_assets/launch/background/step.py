"""One command of the queue, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kn_assets.atlas.lazy_lens import ALWAYS
from kn_assets.lake import Lake, Partition
from kn_assets.lake import plan as plans

Made = Callable[[Lake], bool]
"""Whether what a command makes is in a lake."""


@dataclass(frozen=True)
class Step:
    """A `kn` command that makes something, in a process of its own.

    name: its own in the queue; title: what it makes, in words; command: the words after `kn`;
    seconds: it takes on one core of this project's test machine; made: whether that is there
    already; what, model: the wish that it is part of, see `wishes`; needs: names of the steps
    without which it makes no sense; is_told: whether it is done is told by `made` alone, else its
    command must have ended well too; trains: the model that learns in it, or whose checkpoints it
    looks at.
    """

    name: str
    title: str
    command: tuple[str, ...]
    seconds: float
    made: Made
    what: str
    model: str
    needs: tuple[str, ...] = ()
    is_told: bool = False
    trains: str = ""

    @property
    def words(self) -> str:
        """The command as one would type it."""
        return " ".join(("kn", *self.command))


def tables(partition: Partition, names: Iterable[str], lazily: bool = False) -> Made:
    """Whether tables of a partition are made; a lens that was left for later only if `lazily`, one
    that no run fills at any time.
    """
    wanted = tuple(names)

    def made(lake: Lake) -> bool:
        notes = [lake.meta(partition, name) for name in wanted]
        return all(
            note is not None
            and (lazily or note.get("lazy") in (None, False, ALWAYS))
            and plans.is_made(lake, partition, name)
            for note, name in zip(notes, wanted, strict=True)
        )

    return made


def checkpoint(name: str, step: int) -> Made:
    """Whether a training has kept its checkpoint of a step."""
    return lambda lake: (lake.models / name / f"step{step}" / "config.json").is_file()
