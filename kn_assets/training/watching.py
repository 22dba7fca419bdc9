"""A training run as it goes on: what its log says so far, and single facts as they are learned."""

from __future__ import annotations

import json
import time
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

    age_s: seconds since it wrote; steps: it will take; log: rows of `training_log`; facts:
    (subject, object) of each measured one; measured: `step`, and P(answer) of each fact in a
    `trained` and the `held_out` prompt.
    """

    name: str
    age_s: float
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
    found = [_read(lake, note.parent) for note in lake.models.glob("*/training.json")]
    return sorted((run for run in found if run is not None), key=lambda run: run.age_s)


def _read(lake: Lake, folder: Path) -> Watched | None:
    try:
        told = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # `kn train` says so
        return None
    if told.get("diverged_after") is not None:  # it is over
        return None
    settings = TrainSettings().with_given(**told)
    if lake.meta(model(f"{settings.name}@step{settings.steps}"), "atlases") is not None:
        return None
    file = folder / "training.jsonl"
    log = _rows(file)
    if not log:
        return None
    age = time.time() - file.stat().st_mtime
    header, *measured = _rows(folder / LEARNING) or [{"facts": []}]
    facts = [(subject, answer) for subject, answer in header["facts"]]
    return Watched(settings.name, age, settings.steps, log, facts, measured)


def _rows(file: Path) -> list[dict[str, Any]]:
    """The lines of a file, each a JSON object; none where it isn't there."""
    if not file.is_file():
        return []
    try:
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    except ValueError as e:
        raise KnError(f"{file} is damaged ({e}): remove it to continue without it") from e
