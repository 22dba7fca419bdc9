"""Where a training run lies, and how it is written so that a killed one goes on.

`models/NAME/` holds `training.json` (settings, and after which step the run diverged),
`training.jsonl` (the log), `learning.jsonl` (single facts as they are learned), a Hugging Face
folder `stepN` for each checkpoint, and while it isn't done `.state.pt` and `.tokenizer`. Everything
is written under a temporary name and renamed.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kn_assets.errors import KnError
from kn_assets.lake import Lake, said_plainly, write_text
from kn_assets.models.convert import disk_said_plainly
from kn_assets.training.settings import TrainSettings

LEARNING = "learning.jsonl"


@dataclass(frozen=True)
class Store:
    """The folder of one run."""

    lake: Lake
    settings: TrainSettings

    @property
    def folder(self) -> Path:
        return self.lake.models / self.settings.name

    @property
    def log(self) -> Path:
        return self.folder / "training.jsonl"

    @property
    def _state(self) -> Path:
        return self.folder / ".state.pt"

    def step(self, step: int) -> Path:
        return self.folder / f"step{step}"

    def open(self) -> None:
        """Make the folder, or make sure that what is in it is a run of the same settings.

        Raises KnError where it is another run or no run at all.
        """
        note = self.folder / "training.json"
        if note.is_file():
            try:
                other = self.settings.differ_from(note.read_text(encoding="utf-8"))
            except ValueError as e:
                raise KnError(f"{note} is damaged: remove {self.folder} to train again") from e
            if other:
                raise KnError(
                    f"{self.settings.name} was trained with another {', '.join(other)} (see "
                    f"{note}): give the same, another --name, or remove {self.folder}"
                )
        elif self.folder.exists() and any(self.folder.iterdir()):
            raise KnError(f"{self.folder} holds something else: give another --name")
        else:
            self.lake.make(self.folder)
            write_text(note, self.settings.to_json())

    def note_divergence(self, step: int | None) -> None:
        """Keep in training.json after how many steps the run diverged, None: it goes on."""
        note = self.folder / "training.json"
        told = json.loads(note.read_text(encoding="utf-8"))
        if told.get("diverged_after") != step:
            with said_plainly(self.lake.root):
                write_text(note, json.dumps({**told, "diverged_after": step}, indent=1))

    def check_there(self, steps: list[int]) -> None:
        """Raise KnError where a checkpoint that was written is gone."""
        gone = [f"step{s}" for s in steps if not (self.step(s) / "config.json").is_file()]
        if gone:
            raise KnError(
                f"{', '.join(gone)} of {self.settings.name} is missing and can't be made alone: "
                f"put it back, or remove {self.folder} to train again"
            )

    def put(self, place: Path, fill: Callable[[Path], object]) -> None:
        """Let `fill` write a folder, which then becomes `place`; one that is there stays."""
        if place.exists():
            return
        fresh = place.with_name(f".new-{place.name}")
        with disk_said_plainly(self.lake.root):
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
            fill(fresh)
            fresh.rename(place)

    def save_state(self, state: dict[str, Any]) -> None:
        import torch

        fresh = self._state.with_name(".state.new")
        with disk_said_plainly(self.lake.root):
            # In memory first: torch's own writer hides what the disk said in a RuntimeError.
            packed = io.BytesIO()
            torch.save(state, packed)
            fresh.write_bytes(packed.getbuffer())
            fresh.replace(self._state)

    def load_state(self) -> dict[str, Any] | None:
        """What `save_state` kept, None where nothing is. Raises KnError where it is damaged."""
        import pickle

        import torch

        if not self._state.exists():
            return None
        try:
            found = torch.load(self._state, map_location="cpu", weights_only=True)
        except (RuntimeError, OSError, EOFError, ValueError, pickle.UnpicklingError) as e:
            raise KnError(
                f"the state of the interrupted run is damaged ({self._state}): remove "
                f"{self.folder} to train again"
            ) from e
        return found if isinstance(found, dict) else None

    def write_log(self, rows: list[dict[str, Any]]) -> None:
        with said_plainly(self.lake.root):
            write_text(self.log, "".join(f"{json.dumps(row)}\n" for row in rows))

    def write_learning(self, facts: list[tuple[str, str]], measured: list[dict[str, Any]]) -> None:
        """Keep P(answer) of some facts, measurement by measurement, for who watches the training.

        The first line has the `facts`, subject and object; each other one `step`, and P(answer) of
        each fact in a prompt of the training text (`trained`) and in the one it lacks (`held_out`).
        """
        rows = [{"facts": facts}, *measured]
        with said_plainly(self.lake.root):
            write_text(self.folder / LEARNING, "".join(f"{json.dumps(row)}\n" for row in rows))

    def close(self) -> None:
        """Remove what only an unfinished run needs."""
        self._state.unlink(missing_ok=True)
        shutil.rmtree(self.folder / ".tokenizer", ignore_errors=True)
