"""What a model is trained with: one dataclass, told from defaults, kept with the checkpoints."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from kn_assets.atlas.machine import refuse_unknown
from kn_assets.errors import KnError
from kn_assets.training import text

# Raised when the same settings would train another model, so that no run goes on from an older one.
VERSION = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True)
class TrainSettings:
    """Settings of a training run; by default it takes under 15 minutes on two cores.

    Raises KnError from `checked` where a value makes no sense.
    """

    name: str = _setting("geo-gpt2", "name of the model; its checkpoints are NAME@stepN")
    corpus: str = _setting("geonames", "corpus of the facts: geonames")
    cities: int | None = _setting(None, "number of cities, the largest first; default all")
    steps: int = _setting(1400, "optimizer steps")
    batch: int = _setting(48, "packed rows of `context` tokens per step")
    lr: float = _setting(2e-3, "highest learning rate, reached after the warm-up")
    warmup: int = _setting(50, "steps over which the learning rate rises")
    weight_decay: float = _setting(0.01, "AdamW weight decay, on matrices only")
    layers: int = _setting(4, "transformer blocks")
    width: int = _setting(192, "size of the residual stream")
    heads: int = _setting(4, "attention heads per block")
    context: int = _setting(64, "context length in tokens")
    vocabulary: int = _setting(4096, "most tokens of its byte-level BPE")
    checkpoints: int = _setting(16, "checkpoints kept: step 0, then log-spaced up to the last")
    sample: int = _setting(400, "facts in each measurement during training; all at the end")
    measure_every: int = _setting(50, "steps between measurements")
    save_every_s: float = _setting(
        60.0, "seconds between saved states; a killed run loses at most that"
    )
    threads: int = _setting(2, "threads of torch; the last digits depend on it")
    device: str = _setting(
        "auto", "device of the training: cpu, cuda, or auto: cuda if available; so do they on it"
    )
    seed: int = _setting(0, "seed of weights, phrasing and order")

    def checked(self) -> TrainSettings:
        if not _NAME.fullmatch(self.name):
            raise KnError(
                f"{self.name!r} can't name a model: use letters, digits, and . _ - only, and begin "
                "with a letter or digit"
            )
        if self.corpus != "geonames":
            raise KnError(f"--corpus {self.corpus} has no training text: use geonames")
        for f in fields(self):
            value = getattr(self, f.name)
            least = _LEAST.get(f.name, 0)
            most = _MOST.get(f.name, 1_000_000)
            if isinstance(value, int | float) and not least <= value <= most:
                bound = f"at least {least}" if value < least else f"a number up to {most}"
                raise KnError(f"--{f.name.replace('_', '-')} must be {bound}")
        refuse_unknown(self.device)
        if self.width % self.heads:
            raise KnError(f"--width {self.width} must be a multiple of --heads {self.heads}")
        if not 0 < self.lr < 1:
            raise KnError("--lr must lie between 0 and 1, e.g. 0.002")
        return self

    def with_given(self, **given: Any) -> TrainSettings:
        """These settings with those of `given` that aren't None in their place."""
        known = {f.name for f in fields(self)}
        return replace(self, **{k: v for k, v in given.items() if k in known and v is not None})

    def checkpoint_steps(self) -> list[int]:
        """Steps after which a checkpoint is kept: 0, 1, then log-spaced up to the last.

        Fewer than asked for where two would fall on the same step.
        """
        last = self.checkpoints - 2  # number of the last behind step 0 and step 1
        spaced = {round(self.steps ** (i / last)) for i in range(last)} if last else set()
        return sorted({0, *spaced, self.steps})

    def to_json(self) -> str:
        told = {"version": VERSION, "text": text.fingerprint(), **asdict(self)}
        return json.dumps(told, indent=1)

    def differ_from(self, kept: str) -> list[str]:
        """Which settings that decide the weights another run's `to_json` had otherwise."""
        there = json.loads(kept)
        here = json.loads(self.to_json())
        return [k for k in here if k not in _NO_MATTER and there.get(k) != here[k]]


# What a resumed run may change and still end where it would have, but for last digits.
_NO_MATTER = ("save_every_s", "sample", "measure_every", "threads", "device")
_MOST = {
    # A step takes lr * weight_decay of each weight: over 1 it would turn them and let them grow.
    **{"weight_decay": 1, "layers": 1000, "threads": 1024, "context": 1 << 15, "width": 1 << 15},
    **{"steps": 100_000_000, "cities": 1 << 31, "seed": (1 << 63) - 1},
}
_LEAST = {
    **{"cities": 1, "steps": 1, "batch": 1, "layers": 1, "width": 1, "heads": 1, "sample": 1},
    **{"measure_every": 1, "threads": 1, "checkpoints": 2, "context": 32, "vocabulary": 320},
}
