"""A training run as it goes on: what its log says so far, and single facts as they are learned."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kn_assets.errors import KnError
from kn_assets.lake import Lake, model
from kn_assets.training.settings import TrainSettings
from kn_assets.training.store import LEARNING


@dataclass(frozen=True)
class Watched:
    """A run of `kn train` that isn't over, or of whose last checkpoint there is no atlas yet.

    steps: it will take; log: rows of `training_log`; facts: (subject, object) of each measured
    fact; measured: `step`, and P(answer) of each fact in a `trained` and the `held_out` prompt.
    """

    name: str
    steps: int
    log: list[dict[str, Any]]
    facts: list[tuple[str, str]]
    measured: list[dict[str, Any]]

    def fact(self, at: int) -> list[dict[str, Any]]:
        """P(answer) of one of the facts, by step."""
        return [
            {"step": row["step"], "trained": row["trained"][at], "held_out": row["held_out"][at]}
            for row in self.measured
        ]


def watched(lake: Lake) -> list[Watched]:
    """The runs in a lake that may be watched, the one that last wrote first."""
    found = []
    for note in lake.models.glob("*/training.json"):
        run = _read(lake, note.parent)
        if run is not None:
            found.append((_written(note.parent / "training.jsonl"), run))
    return [run for _, run in sorted(found, key=lambda pair: -pair[0])]


def _read(lake: Lake, folder: Path) -> Watched | None:
    try:
        told = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # `kn train` says so
        return None
    settings = TrainSettings().with_given(**told)
    if lake.meta(model(f"{settings.name}@step{settings.steps}"), "atlases") is not None:
        return None
    log = _rows(folder / "training.jsonl")
    if not log:
        return None
    header, *measured = _rows(folder / LEARNING) or [{"facts": []}]
    facts = [(subject, answer) for subject, answer in header["facts"]]
    return Watched(settings.name, settings.steps, log, facts, measured)


def _rows(file: Path) -> list[dict[str, Any]]:
    """The lines of a file, each a JSON object; none where it isn't there."""
    if not file.is_file():
        return []
    try:
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    except ValueError as e:
        raise KnError(f"{file} is damaged ({e}): remove it to continue without it") from e


def _written(file: Path) -> float:
    return file.stat().st_mtime
