"""A training run as it goes on: what its log says so far, and single facts as they are learned."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kn_assets.errors import KnError
from kn_assets.lake import Lake, model
from kn_assets.lake.json_text import parsed
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
        told = parsed((folder / "training.json").read_text(encoding="utf-8"))
        settings = TrainSettings().with_given(**told).checked()
    except (OSError, ValueError, TypeError, KnError):  # `kn train` says so
        return None
    if not isinstance(settings.steps, int):
        return None
    if told.get("diverged_after") is not None:  # it is over
        return None
    if lake.meta(model(f"{settings.name}@step{settings.steps}"), "atlases") is not None:
        return None
    file = folder / "training.jsonl"
    log = _rows(file, ("step", "loss"))
    if not log:
        return None
    age = time.time() - file.stat().st_mtime
    header, *measured = _rows(folder / LEARNING, ()) or [{"facts": []}]
    try:
        facts = [(subject, answer) for subject, answer in header["facts"]]
        sizes = {len(row[name]) for row in measured for name in ("trained", "held_out")}
    except (KeyError, ValueError, TypeError) as e:
        raise _damaged(folder / LEARNING, e) from e
    if sizes - {len(facts)} or any("step" not in row for row in measured):
        raise _damaged(folder / LEARNING, "its rows are of other facts")
    return Watched(settings.name, age, settings.steps, log, facts, measured)


def _rows(file: Path, needed: Iterable[str]) -> list[dict[str, Any]]:
    """The lines of a file, each a JSON object with the fields `needed`; none where it isn't there.

    Raises KnError where they aren't.
    """
    if not file.is_file():
        return []
    try:
        found = [parsed(line) for line in file.read_text(encoding="utf-8").splitlines()]
    except ValueError as e:
        raise _damaged(file, e) from e
    if not all(isinstance(row, dict) and set(needed) <= row.keys() for row in found):
        raise _damaged(file, "a line has no measurement")
    return found


def _damaged(file: Path, why: object) -> KnError:
    """Without the folder of the lake, which is no visitor's business."""
    place = f"models/{file.parent.name}/{file.name}"
    return KnError(f"{place} is damaged ({why}): remove it to continue without it")
